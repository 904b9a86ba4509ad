/** `generate --existing`: a second run into the same folder. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readPromptsFile } from '../../lib/score/inputs/prompts-file.js'
import { compileLibrary, runCli } from './run-cli.js'

let work: string
beforeAll(compileLibrary)
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-existing-'))
  writeFileSync(
    at('list.jsonl'),
    '{"prompt":"rain"}\n{"prompt":"wind","name":"wind"}\n{"prompt":"a dog","seed":50}\n',
  )
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

const at = (...names: string[]) => join(work, ...names)
const quick = ['--steps', '2', '--duration', '0.1', '--device', 'cpu', '--dtype', 'float32']
const list = () => ['--prompts', at('list.jsonl'), '--count', '2', ...quick]
const names = ['001-rain', 'wind', '003-a-dog', '004-rain', 'wind-2', '006-a-dog']
const files = (extension: string) => names.map((name) => name + extension)

async function generate(...args: string[]) {
  const run = await runCli(['generate', ...args, '--json'])
  return { ...run, result: JSON.parse(run.stdout) }
}

async function whole(folder: string, ...more: string[]) {
  const run = await generate(...list(), '--seed', '7', '--out', at(folder), ...more)
  expect(run.code, run.stderr).toBe(0)
  return run.result
}

test('without the option, a file that would be replaced in a folder is refused at once', async () => {
  await whole('clips')
  rmSync(at('clips', '001-rain.wav'))
  const before = files('.wav')
    .slice(1)
    .map((name) => readFileSync(at('clips', name)))
  for (const rule of [[], ['--existing', 'error']]) {
    const { code, result, stderr } = await generate(...list(), '--out', at('clips'), ...rule)
    expect([code, result.error.code]).toEqual([2, 'INVALID_OPTION'])
    expect(result.error.message).toBe(
      `--out: ${at('clips', 'wind.wav')} is there already, and so are 4 more of 6`,
    )
    expect(result.error.hint).toContain('--existing skip')
    expect(stderr).not.toContain('loading')
  }
  const after = files('.wav')
    .slice(1)
    .map((name) => readFileSync(at('clips', name)))
  expect(after.map((bytes, i) => bytes.equals(before[i]))).not.toContain(false)
  expect(readdirSync(at('clips'))).toHaveLength(5)
})

test('skip makes what is missing as it would have been, and tells of all', async () => {
  const first = await whole('clips')
  expect(first.files.map((file: { seed: number }) => file.seed)).toEqual([7, 8, 50, 10, 11, 51])
  const sounds = files('.wav').map((name) => readFileSync(at('clips', name)))
  // As a killed run leaves it: the last two are missing, one of them half-written under another name.
  rmSync(at('clips', 'wind-2.wav'))
  rmSync(at('clips', '006-a-dog.wav'))
  rmSync(at('clips', 'wind.wav'))
  writeFileSync(at('clips', '.wind-2.wav.1-00000000.tmp'), 'RIFF')
  const kept = statSync(at('clips', '001-rain.wav')).mtimeMs

  const second = await generate(
    ...[...list(), '--seed', '7', '--out', at('clips'), '--existing', 'skip'],
  )
  expect(second.code, second.stderr).toBe(0)
  expect(second.stderr).toContain('3 of 6 clips skipped')
  expect(second.stderr).toContain('3 clips in')
  const skipped = [0, 2, 3]
  expect(second.result.files).toEqual(
    first.files.map((file: object, i: number) =>
      skipped.includes(i) ? { ...file, skipped: true } : file,
    ),
  )
  expect(second.result.settings).toEqual(first.settings)
  expect(statSync(at('clips', '001-rain.wav')).mtimeMs).toBe(kept)
  const again = files('.wav').map((name) => readFileSync(at('clips', name)))
  expect(again.map((bytes, i) => bytes.equals(sounds[i]))).not.toContain(false)

  // What `score` reads the prompts from.
  writeFileSync(at('made.json'), second.stdout)
  const entries = await readPromptsFile(at('made.json'))
  expect(entries.map(({ prompt }) => prompt)).toEqual([
    'rain',
    'wind',
    'a dog',
    'rain',
    'wind',
    'a dog',
  ])
})

test('skip with nothing missing loads no model', async () => {
  const first = await whole('clips')
  const model = ['--model', at('no-model')]
  const done = await generate(...list(), ...model, '--out', at('clips'), '--existing', 'skip')
  expect(done.code, done.stderr).toBe(0)
  expect(done.stderr).not.toContain('loading')
  // No --seed: nothing says which they have, but for the lines that do.
  const seeds = done.result.files.map(({ seed }: { seed: number | null }) => seed)
  expect(seeds).toEqual([null, null, 50, null, null, 51])
  expect(done.result.files.map(({ path }: { path: string }) => path)).toEqual(
    first.files.map(({ path }: { path: string }) => path),
  )
  const plain = await runCli([
    'generate',
    ...list(),
    ...model,
    '--out',
    at('clips'),
    '--existing',
    'skip',
  ])
  expect(plain.stdout).toBe(
    files('.wav')
      .map((name) => `${at('clips', name)}\n`)
      .join(''),
  )
})

test('overwrite replaces, and a file that was named is replaced without it', async () => {
  mkdirSync(at('clips'))
  writeFileSync(at('clips', 'wind.wav'), 'old')
  await whole('clips', '--existing', 'overwrite')
  expect(readFileSync(at('clips', 'wind.wav')).toString('latin1', 0, 4)).toBe('RIFF')

  const one = ['a dog', '--out', at('dog.wav'), ...quick]
  writeFileSync(at('dog.wav'), 'old')
  expect((await generate(...one, '--existing', 'error')).result.error.message).toContain('dog.wav')
  const cannot = await generate(...one, '--existing', 'skip')
  expect(cannot.code).toBe(2)
  expect(cannot.result.error.message).toContain('--existing')
  expect(cannot.result.error.message).toContain('is no WAV file')
  expect((await generate(...one)).code).toBe(0)
  const [file] = (await generate(...one, '--existing', 'skip')).result.files
  expect(file).toMatchObject({ prompt: 'a dog', durationSeconds: 0.1, sampleRate: 16000 })
  expect(file.skipped).toBe(true)
})

test('pictures: refused as sounds are; drawn of a sound that is kept without one', async () => {
  const pictures = ['--spectrogram', at('pictures')]
  const first = await whole('clips', ...pictures)
  const drawn = readFileSync(at('pictures', 'wind.png'))
  const other = await generate(...list(), '--out', at('others'), ...pictures)
  expect(other.result.error.message).toContain(`--spectrogram: ${at('pictures', '001-rain.png')}`)

  rmSync(at('pictures', 'wind.png'))
  rmSync(at('clips', '003-a-dog.wav'))
  const second = await whole('clips', ...pictures, '--existing', 'skip')
  expect(second.files.map(({ spectrogram }: { spectrogram: string }) => spectrogram)).toEqual(
    first.files.map(({ spectrogram }: { spectrogram: string }) => spectrogram),
  )
  expect(readFileSync(at('pictures', 'wind.png')).subarray(0, 4)).toEqual(drawn.subarray(0, 4))
  expect(readdirSync(at('pictures')).sort()).toEqual(files('.png').sort())
})

test('a rule that there is not', async () => {
  const { code, result } = await generate('a dog', '--out', at('x.wav'), '--existing', 'ask')
  expect([code, result.error.message]).toEqual([
    2,
    "--existing: expected skip, overwrite or error, got 'ask'",
  ])
})
