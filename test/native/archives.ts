/** TorchScript archives made by the project's Python, in a folder that goes with the tests. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const root = join(__dirname, '..', '..')

/** The folder of what `python/archives.py` writes. */
export function makeArchives(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-archives-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const python = process.env.AUDIOLDM_PYTHON ?? join(root, '.venv', 'bin', 'python')
  execFileSync(python, [join(__dirname, 'python', 'archives.py'), folder], { stdio: 'pipe' })
  return folder
}
