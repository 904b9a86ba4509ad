import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { compileLibrary, runCli, start } from './run-cli.js'

let work: string
beforeAll(compileLibrary)
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-generate-'))
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

const quick = ['--steps', '2', '--duration', '0.5', '--device', 'cpu', '--dtype', 'float32']

/** Sample format, channels, rate and bytes of data of a WAV file. */
function wav(path: string): number[] {
  const bytes = readFileSync(path)
  expect(bytes.toString('latin1', 0, 4)).toBe('RIFF')
  const data = bytes.indexOf('data')
  return [
    bytes.readUInt16LE(20),
    bytes.readUInt16LE(22),
    bytes.readUInt32LE(24),
    bytes.readUInt32LE(data + 4),
  ]
}

test('one clip: its path on stdout, the rest on stderr', async () => {
  const out = join(work, 'dog.wav')
  const run = await runCli(['generate', 'a dog', '--out', out, ...quick, '--seed', '7'])
  expect([run.code, run.stdout]).toEqual([0, `${out}\n`])
  expect(run.stderr).toContain('seed 7')
  expect(wav(out)).toEqual([1, 1, 16000, 16000])
  expect(readdirSync(work)).toEqual(['dog.wav'])
})

test('--json, --float and --spectrogram', async () => {
  const out = join(work, 'dog.wav')
  const picture = join(work, 'dog.png')
  const run = await runCli([
    'generate',
    'a dog',
    '--out',
    out,
    ...quick,
    '--float',
    '--spectrogram',
    picture,
    '--json',
  ])
  expect(run.code).toBe(0)
  const result = JSON.parse(run.stdout)
  const [file] = result.files
  expect(file).toEqual({
    path: out,
    prompt: 'a dog',
    seed: result.settings.seed,
    durationSeconds: 0.5,
    sampleRate: 16000,
    spectrogram: picture,
  })
  expect(result.settings).toMatchObject({ steps: 2, guidanceScale: 2.5, format: 'float32' })
  expect(result.model).toMatchObject({ device: 'cpu', dtype: 'float32' })
  expect(result.timings.stepMs).toHaveLength(2)
  expect(wav(out)).toEqual([3, 1, 16000, 32000])
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG')
})

test('a file of prompts, counted, into a folder, in clip order', async () => {
  const prompts = join(work, 'prompts.jsonl')
  writeFileSync(prompts, '{"prompt":"rain","durationSeconds":0.3}\n{"prompt":"x","name":"../up"}\n')
  const out = join(work, 'new', 'clips')
  const run = await runCli([
    'generate',
    'a dog',
    '--prompts',
    prompts,
    '--out',
    out,
    '--count',
    '2',
    '--seed',
    '100',
    ...quick,
    '--json',
  ])
  expect(run.code).toBe(0)
  const { files } = JSON.parse(run.stdout)
  expect(files.map((file: { path: string }) => file.path.slice(out.length + 1))).toEqual([
    '001-a-dog.wav',
    '002-rain.wav',
    'up.wav',
    '004-a-dog.wav',
    '005-rain.wav',
    'up-2.wav',
  ])
  expect(files.map((file: { seed: number }) => file.seed)).toEqual([100, 101, 102, 103, 104, 105])
  expect(wav(files[1].path)).toEqual([1, 1, 16000, 9600])
  expect(readdirSync(out)).toHaveLength(6)
})

test('the same seed gives the same file, alone or as one of several', async () => {
  const [first, second] = [join(work, 'a.wav'), join(work, 'b')]
  await runCli(['generate', 'a dog', '--out', first, ...quick, '--seed', '8', '--float'])
  await runCli([
    'generate',
    'a dog',
    '--out',
    second,
    ...quick,
    '--seed',
    '7',
    '--count',
    '2',
    '--float',
  ])
  const alone = readFileSync(first).subarray(58)
  const among = readFileSync(join(second, '002-a-dog.wav')).subarray(58)
  for (let at = 0; at < alone.length; at += 4) {
    expect(Math.abs(alone.readFloatLE(at) - among.readFloatLE(at))).toBeLessThan(1e-5)
  }
})

test('an interrupt ends it with 130 and leaves nothing half-written', async () => {
  const out = join(work, 'dog.wav')
  const args = ['generate', 'a dog', '--out', out, '--steps', '1000', '--json']
  const [child, done] = start(args)
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      if (String(chunk).includes('loaded in')) setTimeout(resolve, 500)
    })
  })
  const interrupted = Date.now()
  child.kill('SIGINT')
  const { code, stdout } = await done
  expect(code).toBe(130)
  expect(JSON.parse(stdout).error.code).toBe('ABORTED')
  expect(Date.now() - interrupted).toBeLessThan(20_000)
  expect(existsSync(out)).toBe(false)
  expect(readdirSync(work)).toEqual([])
})

test('a second interrupt does not wait', async () => {
  const [child, done] = start([
    'generate',
    'a dog',
    '--out',
    join(work, 'd.wav'),
    '--steps',
    '1000',
  ])
  await new Promise<void>((resolve) => child.stderr?.once('data', () => resolve()))
  child.kill('SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 50))
  child.kill('SIGINT')
  expect((await done).code).toBe(130)
  expect(readdirSync(work)).toEqual([])
})

test('a device that is not there', async () => {
  const args = ['generate', 'a dog', '--out', join(work, 'd.wav'), '--device', 'cuda:99', '--json']
  const { code, stdout } = await runCli(args)
  expect(code).toBe(1)
  expect(JSON.parse(stdout).error.code).toBe('DEVICE_UNAVAILABLE')
  expect(readdirSync(work)).toEqual([])
})

test('a disk that is full', async () => {
  const run = await runCli(['generate', 'a dog', '--out', '/dev/full', ...quick, '--json'])
  expect(run.code).toBe(1)
  expect(JSON.parse(run.stdout).error).toMatchObject({
    code: 'OUTPUT_FAILED',
    message: 'cannot write /dev/full: the disk is full (ENOSPC)',
  })
})

test('a prompt that is too long is cut, with a warning', async () => {
  const prompt = 'thunder '.repeat(1250)
  const out = join(work, 'd.wav')
  const run = await runCli(['generate', prompt, '--out', out, ...quick, '--json'])
  expect(run.code).toBe(0)
  expect(JSON.parse(run.stdout).warnings).toHaveLength(1)
  expect(run.stderr).toMatch(/warning: clip 1: the prompt has \d+ tokens/)
})
