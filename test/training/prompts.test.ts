/** From the labels of published data sets to the embeddings that the UNet is given. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { esc50 } from '../../lib/datasets/esc50.js'
import { urbanSound8K } from '../../lib/datasets/urbansound8k.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import type { NativeTensor, NativeTrainingData } from '../../lib/native/binding.js'
import { Trainer } from '../../lib/native/trainer.js'
import { parseOptions } from '../../lib/options.js'
import { ClipReader } from '../../lib/training/data/clip-audio.js'
import { chooseClips } from '../../lib/training/data/clips.js'
import { FileHashes } from '../../lib/training/data/file-hashes.js'
import { FrozenParts } from '../../lib/training/data/frozen-parts.js'
import { LiveClips } from '../../lib/training/data/live-clips.js'
import { hashParts } from '../../lib/training/data/settings-hash.js'
import { TrainingSet } from '../../lib/training/data/training-set.js'
import type { FineTuneOptions } from '../../lib/training/fine-tune.js'
import { planTraining } from '../../lib/training/plan.js'
import { fineTuneSchema } from '../../lib/training/schema.js'
import { toTrainerSpec } from '../../lib/training/trainer-spec.js'
import { tinyModel } from '../models'
import { scratch, shortOptions, tone } from './fixture.js'
import { native } from './setup.js'

const work = scratch()
const cpu = { device: 'cpu', threads: 1 }
const signal = new AbortController().signal
let model: Model

beforeAll(async () => {
  model = await loadModel(tinyModel, { ...cpu, dtype: 'float32' })
})
afterAll(async () => {
  await model.dispose()
  work.remove()
})

function write(name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(work.in(name)), { recursive: true })
  writeFileSync(work.in(name), content)
}

const escLabels = ['chirping_birds', 'door_wood_knock', 'dog']
const esc = escLabels.map((label, i) => {
  write(`esc/audio/1-${i}-A-${i}.wav`, tone(i))
  return `1-${i}-A-${i}.wav,1,${i},${label},False,${i},A`
})
write(
  'esc/meta/esc50.csv',
  ['filename,fold,target,category,esc10,src_file,take', ...esc].join('\n'),
)

const urbanLabels = ['air_conditioner', 'car_horn', 'children_playing']
const urban = urbanLabels.map((label, i) => {
  write(`urban/audio/fold${i + 1}/${i}-0-0-0.wav`, tone(10 + i))
  return `${i}-0-0-0.wav,${i},0,1,1,${i + 1},${i},${label}`
})
write(
  'urban/metadata/UrbanSound8K.csv',
  ['slice_file_name,fsID,start,end,salience,fold,classID,class', ...urban].join('\n'),
)

interface Sample {
  path: string
  kind: number
  condition: Float32Array
}

/** What the trainer conditions the samples of a few steps on. */
async function conditions(
  name: string,
  dataset: Dataset,
  change: Partial<FineTuneOptions>,
): Promise<Sample[]> {
  const { signal: _, ...settings } = parseOptions(fineTuneSchema, {
    ...shortOptions(work, '/', name, { conditionDropout: 0.2, batchSize: 8 }),
    // All of it is looked at there: the same rows as in training.
    ...{ dataset, validation: dataset, ...change },
  })
  const folder = await readModelFolder(tinyModel)
  const plan = planTraining(settings, folder, 'float32')
  const files = new FileHashes(null)
  const reader = new ClipReader(native, 1, files)
  const parts = new FrozenParts(model, cpu)
  const events = {
    skipped: [],
    onSkipped: (path: string, reason: string) => expect.unreachable(`${path} ${reason}`),
    onWarning: (message: string) => expect.unreachable(message),
    onProgress: () => {},
  }
  const choice = { ...settings, validationClips: 100, needsText: plan.odds.text, seed: plan.seed }
  const chosen = await chooseClips(choice, events, signal)
  const context = { settings, plan, folder, native, parts, reader, events, signal }
  const trainer = await Trainer.load(native, toTrainerSpec(folder, settings, plan, cpu, null))
  const samples: Sample[] = []
  const look = async (data: NativeTrainingData, paths: string[], step: number) => {
    const seen = await trainer.inspect(data, { step, gradients: false })
    const rows = values(seen.condition)
    const items = values(seen.items)
    for (const [i, kind] of values(seen.kind).entries()) {
      const condition = Float32Array.from(rows.slice(i * 512, (i + 1) * 512))
      samples.push({ path: paths[items[i]], kind, condition })
    }
    seen.latents.dispose()
    seen.noise.dispose()
    seen.timesteps.dispose()
  }
  try {
    if (settings.cache) {
      const hashes = await hashParts(folder, files)
      const set = await TrainingSet.prepare(chosen, {
        ...context,
        hashes,
        ...cpu,
        dtype: 'float32',
      })
      const paths = set.validation.map(({ clip }) => clip.path)
      const data = set.validationData as NativeTrainingData
      for (let step = 0; step < 4; step++) await look(data, paths, step)
      set.dispose()
    } else {
      const { format, odds, momentsShape, seed } = plan
      const live = { ...context, format, odds, momentsShape, embedding: 512, seed }
      const clips = new LiveClips(chosen.train, live)
      const paths = chosen.train.map(({ path }) => path)
      for (let step = 0; step < 4; step++) {
        const items = trainer.itemsOf(step, paths.length)
        const made = await clips.step(native.core.NativeTensor, step, items)
        await look(made.data, paths, step)
        made.dispose()
      }
    }
    return samples
  } finally {
    await trainer.dispose()
    await reader.dispose()
  }
}

function values(tensor: NativeTensor): number[] {
  const all = Array.from(tensor.data() as ArrayLike<number | bigint>, Number)
  tensor.dispose()
  return all
}

async function embedded(what: 'text' | 'audio', of: string): Promise<Float32Array> {
  const tensor = what === 'text' ? await model.embedText(of) : await model.embedAudio(of)
  const row = (await tensor.data()) as Float32Array
  tensor.dispose()
  return row
}

const TEXT = 0
const AUDIO = 1
const DROPPED = 2

const template = 'The noise of {label}, recorded'
const sets: [string, Dataset, Record<string, string>][] = [
  [
    'ESC-50',
    esc50(work.in('esc')),
    {
      '1-0-A-0.wav': 'This is a sound of chirping birds.',
      '1-1-A-1.wav': 'This is a sound of door wood knock.',
      '1-2-A-2.wav': 'This is a sound of dog.',
    },
  ],
  [
    'UrbanSound8K with a template',
    urbanSound8K(work.in('urban'), { template }),
    {
      '0-0-0-0.wav': 'The noise of air conditioner, recorded',
      '1-0-0-0.wav': 'The noise of car horn, recorded',
      '2-0-0-0.wav': 'The noise of children playing, recorded',
    },
  ],
]

describe.each(sets)('%s', (name, dataset, prompts) => {
  test.each([true, false])('text: the labels in their prompts (cache: %s)', async (cache) => {
    const samples = await conditions(`${name}-text-${cache}`, dataset, { cache })
    const empty = await embedded('text', '')
    expect(new Set(samples.map(({ kind }) => kind))).toEqual(new Set([TEXT, DROPPED]))
    expect(new Set(samples.map(({ path }) => path)).size).toBe(3)
    for (const { path, kind, condition } of samples) {
      const prompt = prompts[path.slice(path.lastIndexOf('/') + 1)]
      expect(condition).toEqual(kind === DROPPED ? empty : await embedded('text', prompt))
    }
  })
})

describe.each(sets.slice(0, 1))('%s', (name, dataset) => {
  test.each([true, false])('audio: the sounds, and never a text (cache: %s)', async (cache) => {
    // As long as CLAP listens, which is what embedAudio takes of them.
    const change = { cache, condition: 'audio', segmentSeconds: 10.24 } as const
    const samples = await conditions(`${name}-audio-${cache}`, dataset, change)
    const empty = await embedded('text', '')
    expect(new Set(samples.map(({ kind }) => kind))).toEqual(new Set([AUDIO, DROPPED]))
    for (const { path, kind, condition } of samples) {
      expect(condition).toEqual(kind === DROPPED ? empty : await embedded('audio', path))
    }
  })
})
