/** What cannot be trained on is reported and left out, or a clear error. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { AudioError, InvalidOptionError, TrainingError } from '../../lib/errors.js'
import { readSafetensors } from '../../lib/weights/safetensors.js'
import {
  eventsOf,
  failure,
  scratch,
  shortOptions,
  silence,
  tone,
  train,
  writeFolder,
  writeTones,
} from './fixture.js'
import { copyModel } from './model-copy.js'

const work = scratch()
afterAll(work.remove)

const good = (index: number) => ({ bytes: tone(index), caption: `tone ${index}` })
async function allFinite(file: string): Promise<boolean> {
  const [first] = [...(await readSafetensors(file)).values()].sort((a, b) => a.offset - b.offset)
  const bytes = readFileSync(file)
  return new Float32Array(new Uint8Array(bytes.subarray(first.offset)).buffer).every(
    Number.isFinite,
  )
}

const reasons = (events: { type: string }[]) =>
  eventsOf({ events: events as never }, 'skipped').map(({ path, reason }) => [
    path.slice(path.lastIndexOf('/') + 1),
    reason,
  ])

const mixed = writeFolder(work.in('mixed'), {
  'good0.wav': good(0),
  'missing.wav': { caption: 'is not there' },
  'text.wav': { bytes: Buffer.from('no sound at all, but some text'), caption: 'text' },
  'cut.wav': { bytes: tone(1).subarray(0, 30), caption: 'a header cut off' },
  'empty.wav': { bytes: new Uint8Array(), caption: 'nothing' },
  'silent.wav': { bytes: silence(), caption: 'silence' },
  'good1.wav': good(1),
  'good2.wav': good(2),
})

test.each([true, false])('bad clips are skipped with reasons (cache: %s)', async (cache) => {
  const options = shortOptions(work, mixed, `mixed-${cache}`, { cache, steps: 8 })
  const { events, result } = await train(options)
  expect(Object.fromEntries(reasons(events))).toEqual({
    'missing.wav': expect.stringMatching(/no such file|not there|missing/),
    'text.wav': expect.any(String),
    'cut.wav': expect.any(String),
    'empty.wav': expect.stringMatching(/empty/),
    'silent.wav': 'is silent',
  })
  expect(reasons(events)).toHaveLength(5)
  // On the fly, whether a clip can be read is known when its turn comes.
  const [prepared] = eventsOf({ events }, 'prepared')
  if (cache) expect(prepared).toMatchObject({ clips: 3, skipped: 5 })
  expect(eventsOf({ events }, 'step')).toHaveLength(8)
  expect(result.final.loss).toBeGreaterThan(0)
})

test('a clip whose beginning is silent is skipped, for this is what would be trained on', async () => {
  const late = Buffer.from(silence(3))
  Buffer.from(tone(3)).copy(late, late.length - 8000, 8000, 16_000)
  const data = writeFolder(work.in('late'), {
    'a.wav': good(0),
    'late.wav': { bytes: late, caption: 'a tone after a while' },
    'b.wav': good(1),
  })
  const { events } = await train(shortOptions(work, data, 'late-out', { steps: 1 }))
  expect(reasons(events)).toEqual([['late.wav', 'is silent for its first 0.64 s']])
})

test.each([
  ['one clip only', { 'a.wav': good(0) }, 'one clip only can be trained on'],
  [
    'one clip that can be read',
    { 'a.wav': good(0), 'b.wav': { bytes: Buffer.from('text'), caption: 'b' } },
    'b.wav: ',
  ],
  [
    'silence alone',
    { 'a.wav': { bytes: silence(), caption: 'a' }, 'b.wav': { bytes: silence(2), caption: 'b' } },
    'a.wav: is silent',
  ],
])('%s is an error', async (what, files, expected) => {
  const name = what.replaceAll(' ', '-')
  for (const cache of [true, false]) {
    const options = shortOptions(work, writeFolder(work.in(name), files), `${name}-${cache}`)
    const { error } = await failure({ ...options, cache })
    expect(error).toBeInstanceOf(AudioError)
    expect(error.message).toContain('two are the least')
    expect(error.message).toContain(expected)
    expect(error.hint).toContain('more clips')
    expect(readdirSync(options.outputDir)).toEqual([])
  }
})

test('clips without a caption are of no use to text, and of use to sound', async () => {
  const folder = writeTones(work.in('captions'), 3)
  const clips = [0, 1, 2].map((i) => ({
    id: `tone0${i}`,
    path: join(folder, `tone0${i}.wav`),
    captions: [[], [' '], ['a tone']][i],
    labels: [],
  }))
  const dataset: Dataset = {
    ...{ name: 'folder', path: folder },
    load: async () => ({ clips, problems: [] }),
  }
  const options = { ...shortOptions(work, folder, 'no-captions'), dataset, steps: 1 }
  const { error, events } = await failure(options)
  expect(error.message).toContain('one clip only')
  expect(reasons(events)).toEqual([
    ['tone00.wav', 'has no caption'],
    ['tone01.wav', 'has no caption'],
  ])
  const heard = await train({ ...options, condition: 'audio' })
  expect(eventsOf(heard, 'prepared')[0]).toMatchObject({ clips: 3, captions: 0, skipped: 0 })
})

test('a part of a file that is not there is skipped', async () => {
  const folder = writeTones(work.in('parts'), 3)
  const part = (i: number, startSeconds: number, endSeconds?: number) => ({
    ...{ id: `${i}`, path: join(folder, `tone0${i}.wav`), captions: ['a'], labels: [] },
    ...{ startSeconds, endSeconds },
  })
  const dataset: Dataset = {
    ...{ name: 'folder', path: folder },
    load: async () => ({ clips: [part(0, 0, 0.5), part(1, 0.25), part(2, 7)], problems: [] }),
  }
  const { events } = await train({ ...shortOptions(work, folder, 'parts-out'), dataset, steps: 1 })
  expect(reasons(events)).toEqual([['tone02.wav', 'has nothing from 7 s on: it is 1.00 s long']])
})

test('a data set that is not there is an error of its option', async () => {
  const options = shortOptions(work, mixed, 'nowhere')
  const { captionedFolder } = await import('../../lib/datasets/folder.js')
  const dataset = captionedFolder(work.in('no', 'folder'))
  const { error } = await failure({ ...options, dataset })
  expect(error).toBeInstanceOf(InvalidOptionError)
})

describe('numbers that are not finite', () => {
  const data = writeTones(work.in('finite'), 4)

  test('of weights end training, and reach no checkpoint', async () => {
    const model = await copyModel(work.in('nan-model'), 'unet', (name, tensor) => {
      if (name === 'conv_out.bias')
        new Float32Array(tensor.buffer, tensor.byteOffset, 2).fill(Number.NaN)
    })
    const options = shortOptions(work, data, 'nan-out', { steps: 30, checkpointEvery: 2 })
    const { fineTune } = await import('../../lib/training/fine-tune.js')
    const job = fineTune(model, options)
    const warnings: string[] = []
    const failed = (async () => {
      for await (const event of job) if (event.type === 'warning') warnings.push(event.message)
    })()
    await expect(failed).rejects.toThrow(TrainingError)
    expect(readdirSync(options.outputDir).filter((name) => name.includes('checkpoint'))).toEqual([])
    expect(warnings[0]).toContain('step 1 is skipped')
  })

  test('that come while training leave the checkpoints from before', async () => {
    const diverging = {
      learningRate: 1,
      warmupSteps: 10,
      maxGradientNorm: 0,
      schedule: 'constant',
    } as const
    const change = { ...diverging, steps: 60, checkpointEvery: 1, keepLast: 3 }
    const options = shortOptions(work, data, 'diverged', change)
    const { error, events } = await failure(options)
    expect(error).toBeInstanceOf(TrainingError)
    const steps = eventsOf({ events }, 'step')
    const last = steps.filter(({ skipped }) => !skipped).at(-1)?.step ?? 0
    expect(last).toBeGreaterThan(0)
    const kept = readdirSync(options.outputDir).filter((name) => name.startsWith('checkpoint'))
    expect(kept.at(-1)).toBe(`checkpoint-${String(last).padStart(6, '0')}`)
    for (const name of kept) {
      const file = `${options.outputDir}/${name}/unet/diffusion_pytorch_model.safetensors`
      expect(await allFinite(file), name).toBe(true)
    }
  })

  test('of the autoencoder are reported for every clip', async () => {
    const model = await copyModel(work.in('nan-vae'), 'vae', (name, tensor) => {
      if (name === 'quant_conv.bias')
        new Float32Array(tensor.buffer, tensor.byteOffset, 2).fill(Number.NaN)
    })
    const { fineTune } = await import('../../lib/training/fine-tune.js')
    const job = fineTune(model, shortOptions(work, data, 'nan-vae-out'))
    await expect(job).rejects.toThrow('the autoencoder makes numbers of it that are not finite')
  })
})
