/** CLAP in score: as the embedding of fd and kid, and compared with prompts. */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { InvalidModelError, InvalidOptionError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import type { ScoreEvent } from '../../lib/score/result.js'
import { saveStatistics } from '../../lib/score/save-statistics.js'
import { score } from '../../lib/score/score.js'
import { tinyModel } from '../models'
import { runClap } from '../parity/reference.js'
import { askPython } from '../python/run.js'
import { scratch, sound } from './fixture.js'

const clap = tinyModel
const work = scratch()
const at = (name: string) => join(work.path, name)
const count = 4
const texts = ['a dog barking', 'rain on a tin roof', 'a dog barking', 'Glocken, weit weg']
const names = texts.map((_, i) => `clip${i}`)
const byName = Object.fromEntries(names.map((name, i) => [name, texts[i]]))
let model: Model
let options: ScoreOptions & { generated: string; reference: string }
let forPrompts: ScoreOptions

beforeAll(async () => {
  const common = { clap, device: 'cpu', cacheDir: at('cache') }
  const generated = writeClips('generated', 1)
  const reference = writeClips('reference', 1.3)
  options = { ...common, generated, reference, backbone: 'clap', metrics: ['fd', 'kid'] }
  forPrompts = { ...common, generated, metrics: ['clap'], prompts: byName }
  model = await loadModel(clap, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(async () => {
  await model?.dispose()
  work.remove()
})

/** Of 32 bits, so that Python reads the samples that are heard here; one is longer than 10 s. */
function writeClips(name: string, pitch: number): string {
  mkdirSync(at(name))
  for (let i = 0; i < count; i++) {
    const { samples, sampleRate } = sound(i, pitch)
    const long =
      i === 3
        ? Float32Array.from({ length: 11 * sampleRate }, (_, k) => samples[k % samples.length])
        : samples
    writeFileSync(join(at(name), `clip${i}.wav`), encodeWav(long, sampleRate, 'float32'))
  }
  return at(name)
}

const pathsOf = (folder: string) => readdirSync(folder).map((name) => join(folder, name))

/** Of `embedAudio`, which is held against transformers elsewhere. */
async function rowsOf(folder: string): Promise<Float32Array> {
  return (await (await model.embedAudio(pathsOf(folder))).data()) as Float32Array
}

function reference(arrays: Record<string, Float32Array>) {
  const files = Object.entries(arrays).map(([name, rows]) => {
    writeFileSync(at(`${name}.f32`), rows)
    return [name, { path: at(`${name}.f32`), shape: [rows.length / 512, 512] }]
  })
  return askPython<{ fd: number; kid: number[] }>(
    'score/python/reference.py',
    Object.fromEntries(files),
  )
}

test('fd and kid are those of NumPy and SciPy on the rows of embedAudio', async () => {
  const { metrics, protocol } = await score(options)
  const expected = reference({
    generated_embedding: await rowsOf(options.generated),
    reference_embedding: await rowsOf(options.reference),
  })
  expect(Math.abs((metrics.fd as number) / expected.fd - 1)).toBeLessThan(1e-5)
  expect(Math.abs((metrics.kid?.mean as number) - expected.kid[0])).toBeLessThan(1e-7)
  expect(protocol.backbones).toEqual({
    clap: {
      sampleRate: 48_000,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      removeMean: false,
      minSamples: 0,
      repeatpad: 480_000,
      settings: {
        weights: expect.stringMatching(/^[0-9a-f]{64}$/),
        dtype: 'float32',
        projection: 512,
        normalized: true,
      },
    },
  })
})

test('a loaded model and saved statistics give the same fd, from the cache', async () => {
  const first = await score(options)
  const output = at('reference.safetensors')
  const { reference: audio, device, cacheDir } = options
  const saved = await saveStatistics({ audio, output, clap: model, device, cacheDir })
  expect(saved.backbones.clap).toMatchObject({ rows: count, dimension: 512 })
  const again = await score({ ...options, clap: model, reference: output, metrics: ['fd'] })
  expect(again.metrics.fd).toBeCloseTo(first.metrics.fd as number, 12)
  expect(again.features).toEqual({ computed: 0, cached: count })
})

test('clap is the similarity of transformers, and of single clips with their prompts', async () => {
  const paths = pathsOf(forPrompts.generated as string)
  const tower = join(clap, 'audio_encoder')
  const python = runClap({
    towers: { [tower]: null },
    text_encoder: join(clap, 'text_encoder'),
    clips: paths,
    texts: texts.map((text) => [...model.tokenizer.encode(text).ids]),
  })
  const expected = python.audio[tower].map((row, i) =>
    row.reduce((sum, value, k) => sum + value * python.text[i][k], 0),
  )
  const { metrics, clips, prompts, protocol } = await score({ ...forPrompts, perClip: true })
  clips?.forEach((clip, i) => {
    expect(clip.prompt).toBe(texts[i])
    expect(Math.abs((clip.clap as number) - expected[i])).toBeLessThan(1e-4)
  })
  const own = (clips ?? []).map((clip) => clip.clap as number)
  const mean = own.reduce((sum, value) => sum + value / count, 0)
  const std = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2 / count, 0))
  expect(metrics.clap?.mean).toBeCloseTo(mean, 12)
  expect(metrics.clap?.std).toBeCloseTo(std, 12)
  const alone = { generated: paths.slice(0, 1), prompts: texts.slice(0, 1), perClip: false }
  const one = (await score({ ...forPrompts, ...alone })).metrics.clap
  expect(one).toEqual({ mean: expect.closeTo(own[0], 12), std: Number.NaN })
  expect(prompts).toEqual({ count, skipped: [], unused: 0 })
  expect(protocol.textEncoder?.settings).toMatchObject({ dtype: 'float32', maxTokens: 512 })
})

test('clap of a generated clip is the similarity that its candidate was chosen by', async () => {
  const made = await generate(model, {
    ...{ prompt: 'a dog barking', candidates: 2, seed: 7, steps: 3, durationSeconds: 0.64 },
  })
  const best = made.clips[0].candidates?.find(({ seed }) => seed === made.clips[0].seed)
  const { metrics } = await score({
    ...{ ...forPrompts, generated: made.audio, prompts: ['a dog barking'] },
  })
  expect(metrics.clap?.mean).toBeCloseTo(best?.similarity as number, 6)
})

test('prompts come by name, in order, from files and from the manifest of generate', async () => {
  const { clips } = await score({ ...forPrompts, perClip: true })
  const expected = clips?.map((clip) => clip.clap)
  const write = (name: string, text: string) => {
    writeFileSync(at(name), text)
    return at(name)
  }
  const files = names.map((name, i) => ({ path: `elsewhere/out/${name}.wav`, prompt: texts[i] }))
  const lines = names.map((name, i) => JSON.stringify({ name, caption: texts[i] }))
  const rows = names.map((name, i) => `${name}.wav,"${texts[i]}",x`)
  for (const prompts of [
    texts,
    Object.fromEntries(Object.entries(byName).reverse()),
    write('prompts.txt', `${texts.join('\r\n\r\n')}\n`),
    write('prompts.jsonl', lines.reverse().join('\n')),
    write('prompts.csv', `\ufefffile_name,Caption,other\n${rows.join('\n')}\n`),
    write('prompts.tsv', `text\n${texts.join('\n')}\n`),
    write('list.json', JSON.stringify(texts)),
    write('manifest.json', JSON.stringify({ files, settings: {} })),
  ]) {
    const found = await score({ ...forPrompts, prompts, perClip: true })
    expect(found.clips?.map((clip) => clip.clap)).toEqual(expected)
  }
  // As listed, though clips are sorted.
  const reversed = pathsOf(forPrompts.generated as string).reverse()
  const prompts = [...texts].reverse()
  const listed = await score({ ...forPrompts, generated: reversed, prompts, perClip: true })
  expect(listed.clips?.map((clip) => clip.prompt)).toEqual(texts)
})

test('clips without a prompt and prompts without a clip are reported', async () => {
  const generated = Array.from({ length: 101 }, (_, i) => ({ ...sound(0), name: `n${i}` }))
  generated[5].samples = new Float32Array(0)
  const prompts = Object.fromEntries(generated.map(({ name }, i) => [name, i < 3 ? '' : 'rain']))
  delete prompts.n100
  prompts.other = 'wind'
  const job = score({ ...forPrompts, generated, prompts })
  const warnings: string[] = []
  const steps: string[] = []
  for await (const event of job as AsyncIterable<ScoreEvent>) {
    if (event.type === 'warning') warnings.push(event.message)
    if (event.type === 'step' && event.stage === 'prompts') steps.push(event.path)
  }
  const result = await job
  expect(result.prompts).toEqual({
    count: 96,
    skipped: [
      ...['n0', 'n1', 'n2'].map((path) => ({ path, reason: 'an empty prompt' })),
      { path: 'n100', reason: 'no prompt' },
    ].sort((a, b) => (a.path < b.path ? -1 : 1)),
    unused: 1,
  })
  expect(result.generated.skipped).toEqual([{ path: 'n5', reason: 'has no samples' }])
  expect(warnings).toContain('clap is of 97 clips; without a prompt are n0, n1, n100 and 1 more')
  expect(warnings).toContain('1 prompts belong to no clip: other')
  expect(steps).toEqual(['rain'])
})

test.each([
  [undefined, 'prompts: clap compares clips with their prompts: give them'],
  [texts.slice(1), '3 prompts and 4 clips cannot be paired by order'],
  [{ clip0: 'a' }, '1 of 4 clips have a prompt, and more than 99 % must; without one: '],
  [{ ...byName, 'x/clip0': 'other' }, 'two different prompts for '],
  [texts.map(() => ' '), 'all of them are empty'],
  ['none.json', 'cannot read none.json: there is no such file'],
])('%o cannot be compared', async (prompts, message) => {
  const error = await score({ ...forPrompts, prompts } as ScoreOptions).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect((error as InvalidOptionError).option).toBe('prompts')
  expect((error as InvalidOptionError).message).toContain(message)
})

test.each([
  [{ prompts: 5 }, 'prompts: expected a file'],
  [{ prompts: ['a', 5] }, 'prompts[1]: expected a text'],
  [{ prompts: { a: null } }, 'prompts.a: expected a text'],
  [{ clap: '' }, 'clap: expected a model folder'],
  [{ clap: null }, 'clap: expected a model folder'],
  [{ clap: { info: {} } }, 'clap: expected a model folder'],
  [{ backbone: 'clap', embedding: 'my.pt@16000' }, 'backbone: cannot be clap beside embedding'],
])('%o is refused at once', (wrong, message) => {
  expect(() => score({ ...forPrompts, generated: '.', ...wrong } as ScoreOptions)).toThrow(message)
})

test('what is missing is named', async () => {
  const without = { ...forPrompts, clap: undefined }
  await expect(score(without)).rejects.toThrow('clap: clap needs the weights of CLAP')
  await expect(score({ ...options, clap: undefined })).rejects.toThrow('clap: fd needs')
  await expect(score({ ...options, backbone: 'cnn14-32k' })).rejects.toMatchObject({
    option: 'panns',
    hint: expect.stringContaining('choose the backbone clap'),
  })
  await expect(score({ ...forPrompts, clap: at('none') })).rejects.toThrow(InvalidModelError)
  cpSync(clap, at('deaf'), { recursive: true })
  rmSync(at('deaf/audio_encoder'), { recursive: true })
  await expect(score({ ...forPrompts, clap: at('deaf') })).rejects.toThrow('has no audio_encoder/')
})
