// `npm test`: sets up what is missing, then runs every check that CI runs, and counts them.
//
//   node scripts/check.mjs              all
//   node scripts/check.mjs lint types   some, by name

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { listFiles, root, run, start } from './steps.mjs'

const python = join(root, '.venv', 'bin', 'python')
const bin = (name) => join('node_modules', '.bin', name)
const pytest = ['-W', 'ignore', '-m', 'pytest', '-q', '-p', 'no:cacheprovider']
const pythonPath = (...folders) => folders.map((folder) => join(root, folder)).join(delimiter)
const nativeFiles = listFiles(join(root, 'native')).filter((file) => /\.(cc|h)$/.test(file))

/** The commands of a check run side by side. */
const checks = {
  lint: () => [
    [bin('biome'), ['ci', '--error-on-warnings', '.']],
    [python, ['-m', 'ruff', 'check', '.']],
    [python, ['-m', 'ruff', 'format', '--check', '.']],
    [join(root, '.venv', 'bin', 'clang-format'), ['--dry-run', '-Werror', ...nativeFiles]],
  ],
  types: () => [
    [bin('tsc'), ['-p', 'tsconfig.test.json']],
    [bin('tsc'), ['-p', 'page/tsconfig.json']],
    [bin('tsc'), ['-p', 'test/page/tsconfig.json']],
  ],
  native: () => [
    [
      'ctest',
      ['--test-dir', 'build', '--parallel', '2', '--output-on-failure', '--no-tests=error'],
    ],
  ],
  python: () => [
    [python, [...pytest, 'export/tests'], { PYTHONPATH: pythonPath('export') }],
    [python, [...pytest, 'recipe/tests'], { PYTHONPATH: pythonPath('export', 'recipe') }],
  ],
  typescript: () => [[bin('vitest'), ['run', '--exclude', 'test/package/**']]],
  package: () => [[bin('vitest'), ['run', 'test/package']]],
}

const setup = run('node', ['scripts/setup.mjs', '--dev'])
if (setup !== 0) process.exit(setup)

const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (!(name in checks)) {
    console.error(`check: there is no check '${name}'; there are ${Object.keys(checks).join(', ')}`)
    process.exit(2)
  }
}

/** A Python process that has the references imported, and forks for `native` and `typescript`. */
async function startForks() {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-forks-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  process.env.AUDIOLDM_TEST_FORKS = join(folder, 'socket')
  const script = join(root, 'test', 'python', 'run.py')
  // It ends with its standard input, however this process ends.
  const server = spawn(
    python,
    ['-W', 'ignore', script, '--serve', process.env.AUDIOLDM_TEST_FORKS],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' },
    },
  )
  await Promise.race([once(server.stdout, 'data'), once(server, 'exit')])
  server.unref()
}

const chosen = Object.keys(checks).filter((name) => wanted.length === 0 || wanted.includes(name))
if (chosen.includes('native') || chosen.includes('typescript')) await startForks()

const results = []
for (const name of chosen) {
  console.log(`\ncheck: ${name}`)
  const started = Date.now()
  const statuses = await Promise.all(checks[name]().map((command) => start(...command)))
  const ok = statuses.every((status) => status === 0)
  results.push({ name, ok, seconds: (Date.now() - started) / 1000 })
}
console.log('')
for (const { name, ok, seconds } of results) {
  console.log(`check: ${name} ${ok ? 'passed' : 'FAILED'} in ${seconds.toFixed(0)} s`)
}
const passed = results.filter((result) => result.ok).length
console.log(`checks: ${passed} passed, ${results.length - passed} failed`)
process.exit(passed === results.length ? 0 : 1)
