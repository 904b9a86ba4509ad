/** TorchScript archives made by the project's Python, in a folder that goes with the tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { runPython } from '../python/run.js'

/** The folder of what `python/archives.py` writes. */
export function makeArchives(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-archives-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  runPython('native/python/archives.py', [folder])
  return folder
}
