/** Both ends of the example's port are checked against the messages that protocol.d.ts has. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { example, root } from './app.js'

const folder = mkdtempSync(join(tmpdir(), 'audioldm-electron-types-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(() => {
  compileLibrary()
  for (const name of ['engine.js', 'protocol.d.ts', 'renderer']) {
    cpSync(join(example, name), join(folder, name), { recursive: true })
  }
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'audioldm'))
}, 600_000)

function check(): string {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const options = ['--noEmit', '--strict', '--allowJs', '--checkJs', '--skipLibCheck']
  options.push('--target', 'es2022', '--module', 'node16')
  options.push('--lib', 'es2022,dom,dom.iterable,esnext.disposable')
  options.push('--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node')
  const files = ['engine.js', join('renderer', 'app.js')]
  const { stdout } = spawnSync(process.execPath, [compiler, ...options, ...files], { cwd: folder })
  return String(stdout)
}

test('they fit, and a message that is not there does not', () => {
  expect(check()).toBe('')
  const engine = join(folder, 'engine.js')
  const text = readFileSync(engine, 'utf8')
  writeFileSync(engine, text.replace("type: 'step', id,", "type: 'stepp', id,"))
  expect(check()).toMatch(/^engine\.js\(\d+,\d+\): error TS2\d+: .*stepp/)
})
