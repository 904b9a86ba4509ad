/** `generate --out -` as shells use it: redirected, in a pipe, to a terminal. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { python } from '../python/run.js'
import { cli, compileLibrary, runCli } from './run-cli.js'

let work: string
beforeAll(compileLibrary)
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-stdout-'))
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

const settings = ['--steps', '1', '--seed', '3', '--device', 'cpu', '--dtype', 'float32']

/** `script` finds the command, to which a duration can be added, in "$@". */
function shell(script: string, args: string[]) {
  const command = [process.execPath, cli, 'generate', 'a dog', ...settings, ...args]
  return spawnSync('bash', ['-c', script, 'bash', ...command], { cwd: work, encoding: 'utf8' })
}

test('the bytes of the file and nothing else, with progress on stderr', () => {
  const args = ['--duration', '0.2', '--spectrogram', 'dog.png']
  const redirected = shell('"$@" --out - > redirected.wav', args)
  expect(redirected.status, redirected.stderr).toBe(0)
  expect(redirected.stderr).toContain('1 clip in')
  const piped = shell('"$@" --out - | cat > piped.wav; exit $PIPESTATUS', args)
  expect(piped.status, piped.stderr).toBe(0)
  expect(shell('"$@" --out file.wav', args).stdout).toBe('file.wav\n')
  const file = readFileSync(join(work, 'file.wav'))
  expect(file.toString('latin1', 0, 4)).toBe('RIFF')
  expect(file).toHaveLength(44 + 2 * 3200)
  expect(readFileSync(join(work, 'redirected.wav')).equals(file)).toBe(true)
  expect(readFileSync(join(work, 'piped.wav')).equals(file)).toBe(true)
  expect(readdirSync(work).sort()).toEqual(['dog.png', 'file.wav', 'piped.wav', 'redirected.wav'])
})

test('a reader that has seen enough is no failure', () => {
  // More than a pipe holds.
  const args = ['--duration', '4', '--float']
  const run = shell('"$@" --out - | head -c 4; exit $PIPESTATUS', args)
  expect([run.status, run.stdout]).toEqual([0, 'RIFF'])
  expect(run.stderr).not.toMatch(/error|EPIPE/)
})

test('a disk that is full is one', () => {
  const run = shell('"$@" --out - > /dev/full', ['--duration', '0.2'])
  expect(run.status).toBe(1)
  expect(run.stderr).toContain('error: cannot write stdout: the disk is full (ENOSPC)')
})

test('a terminal gets no sound', () => {
  const spawn = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'
  const run = shell(`"${python}" -c "${spawn}" "$@" --out -`, [])
  expect(run.status).toBe(2)
  expect(run.stdout).toContain('--out: - is stdout, and that is a terminal')
})

test.each([
  ['--json', 'generate', ['a dog', '--out', '-', '--json']],
  ['--count', 'generate', ['a dog', '--out', '-', '--count', '2']],
  ['--prompts', 'generate', ['--prompts', 'p.txt', '--out', '-']],
  ['--spectrogram', 'generate', ['a dog', '--out', 'a.wav', '--spectrogram', '-']],
  ['--per-clip', 'score', ['.', '--per-clip', '-']],
  ['--save-stats', 'score', ['.', '.', '--save-stats', '-']],
  ['--cache-dir', 'score', ['.', '.', '--cache-dir', '-']],
  ['--out', 'stats', ['.', '-o', '-']],
  ['--out', 'curve', ['.', '-o', '-']],
  ['--out', 'fine-tune', ['--dataset', 'folder:.', '--steps', '1', '--out', '-']],
  ['out', 'import', [cli, '-']],
])('refuses - beside or for %s of %s', async (option, command, args) => {
  const { code, stderr, stdout } = await runCli([command, ...args])
  expect(code).toBe(2)
  expect(stderr).toContain(option)
  expect(stderr).toMatch(/ - is stdout| - takes a single clip|: cannot be -:/)
  expect(stdout).toBe(args.includes('--json') ? stdout : '')
  expect(existsSync('-')).toBe(false)
})
