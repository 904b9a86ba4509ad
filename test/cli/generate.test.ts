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

const quick = ['--steps', '2', '--duration', '0.2', '--device', 'cpu', '--dtype', 'float32']

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

test('several clips go into a folder in clip order, clip i with seed + i', async () => {
  const prompts = join(work, 'prompts.jsonl')
  writeFileSync(prompts, '{"prompt":"rain","name":"../up"}\n')
  const out = join(work, 'new', 'clips')
  const args = ['a dog', '--prompts', prompts, '--count', '2', '--seed', '100', '--float', '--json']
  const several = await runCli(['generate', ...args, '--out', out, ...quick])
  expect(several.code).toBe(0)
  const { files } = JSON.parse(several.stdout)
  const names = files.map((file: { path: string }) => file.path.slice(out.length + 1))
  expect(names).toEqual(['001-a-dog.wav', 'up.wav', '003-a-dog.wav', 'up-2.wav'])
  expect(files.map((file: { seed: number }) => file.seed)).toEqual([100, 101, 102, 103])
  expect(files.map((file: { prompt: string }) => file.prompt)).toEqual([
    'a dog',
    'rain',
    'a dog',
    'rain',
  ])
  expect(readdirSync(out).sort()).toEqual([...names].sort())

  const single = join(work, 'dog.wav')
  const picture = join(work, 'dog.png')
  const options = ['--seed', '102', '--float', '--spectrogram', picture, '--json']
  const run = await runCli(['generate', 'a dog', '--out', single, ...options, ...quick])
  const result = JSON.parse(run.stdout)
  expect(result.files).toEqual([
    {
      path: single,
      prompt: 'a dog',
      seed: 102,
      durationSeconds: 0.2,
      sampleRate: 16000,
      spectrogram: picture,
    },
  ])
  expect(result.settings).toMatchObject({ steps: 2, guidanceScale: 2.5, format: 'float32' })
  expect(result.model).toMatchObject({ device: 'cpu', dtype: 'float32' })
  expect(result.timings.stepMs).toHaveLength(2)
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG')
  expect(wav(single)).toEqual([3, 1, 16000, 12800])
  const alone = readFileSync(single).subarray(58)
  const among = readFileSync(files[2].path).subarray(58)
  for (let at = 0; at < alone.length; at += 4) {
    expect(Math.abs(alone.readFloatLE(at) - among.readFloatLE(at))).toBeLessThan(1e-5)
  }
})

test('without --json the path alone is on stdout; a prompt past 512 tokens is cut', async () => {
  const out = join(work, 'd.wav')
  const run = await runCli(['generate', 'thunder '.repeat(1250), '--out', out, ...quick])
  expect([run.code, run.stdout]).toEqual([0, `${out}\n`])
  expect(run.stderr).toMatch(/warning: clip 1: the prompt has \d+ tokens/)
  expect(run.stderr).toMatch(/seed \d+/)
  expect(wav(out)).toEqual([1, 1, 16000, 6400])
  expect(readdirSync(work)).toEqual(['d.wav'])
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
  const { code, signal } = await done
  // Node takes its handlers back while it ends: a signal then ends it as it does any program,
  // which a shell calls 130 too.
  expect(code ?? signal).toBe(signal ? 'SIGINT' : 130)
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
