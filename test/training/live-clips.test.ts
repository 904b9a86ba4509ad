/** Clips that are read again in every step: other parts of long ones, others for those that fail. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { AudioError } from '../../lib/errors.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { ClipReader } from '../../lib/training/data/clip-audio.js'
import type { TrainingClip } from '../../lib/training/data/clips.js'
import { FileHashes } from '../../lib/training/data/file-hashes.js'
import { FrozenParts } from '../../lib/training/data/frozen-parts.js'
import { LiveClips, type StepData } from '../../lib/training/data/live-clips.js'
import { tinyModel } from '../models'
import { scratch, tone, writeFolder } from './fixture.js'
import { native } from './setup.js'

const work = scratch()
const signal = new AbortController().signal
const samples = 10_240
let model: Model
let reader: ClipReader

beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  reader = new ClipReader(native, 1, new FileHashes(null))
})
afterAll(async () => {
  await reader.dispose()
  await model.dispose()
  work.remove()
})

/** Rises in pitch, so that every part of it differs from all others. */
const sweep = encodeWav(
  Float32Array.from({ length: 64_000 }, (_, i) => 0.5 * Math.sin(i * i * 2e-6)),
  16_000,
)
const data = writeFolder(work.in('data'), {
  'long.wav': { bytes: sweep, caption: 'long' },
  'short.wav': { bytes: tone(3, 0.5), caption: 'short' },
  'bad.wav': { bytes: Buffer.from('text'), caption: 'bad' },
  'other.wav': { bytes: tone(5), caption: 'other' },
})
const clips = ['long', 'short', 'bad', 'other'].map((name): TrainingClip => {
  const path = `${data}/${name}.wav`
  return {
    id: name,
    path,
    captions: [name, `${name} sound`],
    startSeconds: undefined,
    endSeconds: undefined,
  }
})

function live(from: readonly TrainingClip[], seed = 1n) {
  const skipped: { path: string; reason: string }[] = []
  const made = new LiveClips(from, {
    parts: new FrozenParts(model, { device: 'cpu', threads: 1 }),
    reader,
    format: { sampleRate: 16_000, samples, heard: false },
    odds: { text: true, audio: false },
    momentsShape: [16, samples / 640, 16],
    embedding: 512,
    seed,
    events: {
      skipped,
      onSkipped: (path, reason) => skipped.push({ path, reason }),
      onWarning: (message) => expect.unreachable(message),
      onProgress: () => {},
    },
    signal,
  })
  return { made, skipped }
}

/** Posterior of each row, and where each item's is. */
async function step(from: LiveClips, number: number, items: number[]) {
  const made: StepData = await from.step(native.core.NativeTensor, number, items)
  const { moments, momentsRow, text, textRows, textStart } = made.data
  const all = moments.data() as Float32Array
  const size = all.length / moments.shape[0]
  const rows = Array.from({ length: moments.shape[0] }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  )
  const texts = text?.shape[0] ?? 0
  const result = {
    rows,
    of: [...momentsRow],
    textRows: [...textRows],
    textStart: [...textStart],
    texts,
  }
  made.dispose()
  return result
}

test('of a long clip every step hears another part; of a short one, all', async () => {
  const { made } = live(clips)
  const first = await step(made, 0, [0, 1])
  const second = await step(made, 1, [0, 1])
  expect(first.of).toEqual([0, 1, -1, -1])
  expect(second.rows[0]).not.toEqual(first.rows[0])
  expect(second.rows[1]).toEqual(first.rows[1])
})

test('which part, seed and step decide', async () => {
  const [first] = (await step(live(clips).made, 3, [0])).rows
  expect((await step(live(clips).made, 3, [1, 0])).rows[1]).toEqual(first)
  expect((await step(live(clips, 2n).made, 3, [0])).rows[0]).not.toEqual(first)
})

test('items that a step does not take have no rows, those it takes twice have one', async () => {
  const { rows, of, textStart, textRows, texts } = await step(live(clips).made, 0, [3, 1, 3])
  expect(rows).toHaveLength(2)
  expect(of).toEqual([-1, 1, -1, 0])
  expect(textStart).toEqual([0, 0, 2, 2, 4])
  expect([...textRows].sort()).toEqual([0, 1, 2, 3])
  expect(texts).toBe(4)
})

test('the next clip stands in for one that cannot be read, which is reported once', async () => {
  const { made, skipped } = live(clips)
  const { rows, of } = await step(made, 0, [2, 3])
  expect(of).toEqual([-1, -1, 0, 1])
  expect(rows[0]).toEqual(rows[1])
  await step(made, 1, [2])
  expect(skipped).toEqual([{ path: `${data}/bad.wav`, reason: 'is text, not sound' }])
})

test('where no clip can be read, it says so', async () => {
  await expect(live([clips[2]]).made.step(native.core.NativeTensor, 0, [0])).rejects.toThrow(
    AudioError,
  )
})
