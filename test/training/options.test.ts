/** Options that are refused at once, by name, and the plan that follows from the others. */
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidModelError, InvalidOptionError } from '../../lib/errors.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import { parseOptions } from '../../lib/options.js'
import { type FineTuneOptions, fineTune } from '../../lib/training/fine-tune.js'
import { isDue, nextStop, planTraining, type TrainingPlan } from '../../lib/training/plan.js'
import { fineTuneSchema } from '../../lib/training/schema.js'
import { tinyModel } from '../models'
import { failure, scratch, shortOptions, writeTones } from './fixture.js'

const work = scratch()
const data = writeTones(work.in('data'), 3)
const options = shortOptions(work, data, 'out')
let folder: ModelFolder

beforeAll(async () => {
  folder = await readModelFolder(tinyModel)
})
afterAll(work.remove)

const refusal = (change: object): InvalidOptionError => {
  try {
    fineTune(tinyModel, { ...options, ...change } as FineTuneOptions)
  } catch (error) {
    return error as InvalidOptionError
  }
  throw new Error('should have been refused')
}

test.each([
  ['steps', { steps: 0 }, 'from 1 to 10000000'],
  ['steps', { steps: 1.5 }, 'whole number'],
  ['steps', { steps: undefined }, 'undefined'],
  ['dataset', { dataset: '/some/folder' }, 'expected a data set'],
  ['validation', { validation: 1 }, 'from 0 to 0.9'],
  ['condition', { condition: 'images' }, "'text', 'audio'"],
  ['condition.mixed', { condition: { mixed: 2 } }, 'from 0 to 1'],
  ['init', { init: 'zero' }, 'pretrained or scratch'],
  ['batchSize', { batchSize: 0 }, 'from 1 to 1024'],
  ['learningRate', { learningRate: 0 }, 'above 0'],
  ['learningRate', { learningRate: Number.NaN }, 'above 0'],
  ['schedule', { schedule: 'linear' }, 'constant or cosine'],
  ['emaDecay', { emaDecay: 1 }, '0.999999'],
  ['dtype', { dtype: 'float16' }, 'auto, float32 or bfloat16'],
  ['segmentSeconds', { segmentSeconds: 100 }, '40.96'],
  ['lora.rank', { lora: { rank: 0 } }, 'from 1 to 1024'],
  ['lora.targets[0]', { lora: { rank: 2, targets: ['conv'] } }, 'attention or film'],
  ['lora.targets', { lora: { rank: 2, targets: [] } }, 'the list is empty'],
  ['outputDir', { outputDir: '' }, 'a folder'],
  ['evaluation.clips', { evaluation: { clips: 0 } }, 'from 1'],
  ['evaluation.metrics[0]', { evaluation: { metrics: ['wer'] } }, 'expected'],
  ['sample.prompts', { sample: { prompts: [] } }, 'the list is empty'],
  ['device', { device: 'gpu' }, 'auto, cpu, cuda'],
  ['signal', { signal: 1 }, 'an AbortSignal'],
  ['stepz', { stepz: 1 }, 'no such option'],
] as const)('%s: %j', (option, change, message) => {
  const error = refusal(change)
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect(error.option).toBe(option)
  expect(error.message).toContain(message)
})

test('a model that is none', () => {
  expect(() => fineTune(7 as never, options)).toThrow(
    'model: expected a model, a folder or a hub id',
  )
})

describe('before anything is written', () => {
  afterAll(() => {
    expect(readdirSync(work.path)).not.toContain('out')
  })

  test.each([
    ['lora', { lora: { rank: 2 }, init: 'scratch' }],
    ['validation', { validation: 0, evaluateEvery: 5 }],
    ['validation', { validation: 0, evaluation: { panns: 'some.pth' } }],
  ] as const)('%s: %j', async (option, change) => {
    const { error } = await failure({ ...options, ...change })
    expect(error).toMatchObject({ option })
  })

  test('a model without an audio tower cannot be trained on sounds', () => {
    const { audio_encoder: _, ...parts } = folder.parts
    const { signal, ...settings } = parseOptions(fineTuneSchema, { ...options, condition: 'audio' })
    const plan = () => planTraining(settings, { ...folder, parts }, 'float32')
    expect(plan).toThrow(InvalidModelError)
    expect(plan).toThrow('audio_encoder/')
  })
})

const lacking: [string, Partial<FineTuneOptions>][] = [
  ['evaluation.panns', { evaluation: { metrics: ['fd'], backbone: 'cnn14-32k' } }],
  ['evaluation.vggish', { evaluation: { metrics: ['fad'], backbone: 'cnn14-32k' } }],
  [
    'evaluation.metrics',
    { evaluation: { metrics: ['clap'], backbone: 'clap' }, condition: 'audio' },
  ],
]

test.each(lacking)('before training: %s, for %j', async (option, change) => {
  const outputDir = work.in('lacks')
  const { error } = await failure({ ...options, outputDir, validation: 0.4, ...change })
  expect(error).toMatchObject({ option })
})

test('weights that are not there are found before training', async () => {
  const evaluation = { panns: work.in('nowhere.pth') }
  const outputDir = work.in('weights')
  const { error } = await failure({ ...options, outputDir, validation: 0.4, evaluation })
  expect(error.message).toContain('nowhere.pth')
})

describe('the plan', () => {
  const plan = (change: Partial<FineTuneOptions>): TrainingPlan => {
    const { signal, ...settings } = parseOptions(fineTuneSchema, { ...options, ...change })
    return planTraining(settings, folder, 'float32')
  }
  const stops = (made: TrainingPlan): number[] => {
    const all: number[] = []
    for (let step = 0; step < made.steps; all.push(step)) step = nextStop(made, step)
    return all
  }

  test('segments are whole latent frames', () => {
    expect(plan({ segmentSeconds: 10.24 }).format.samples).toBe(163_840)
    expect(plan({ segmentSeconds: 10.24 }).momentsShape).toEqual([16, 256, 16])
    expect(plan({ segmentSeconds: 1 }).latentFrames).toBe(25)
    expect(plan({ segmentSeconds: 0.99 }).latentFrames).toBe(25)
  })

  test('the warm-up is a tenth of the steps, 2000 at most', () => {
    expect(plan({ steps: 60 }).warmupSteps).toBe(6)
    expect(plan({ steps: 100_000 }).warmupSteps).toBe(2000)
    expect(plan({ steps: 60, warmupSteps: 0 }).warmupSteps).toBe(0)
  })

  test('stops for checkpoints, evaluations and samples, and at the end', () => {
    expect(stops(plan({ steps: 25 }))).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 25])
    const sample = { prompts: ['rain'], every: 8 }
    const made = plan({ steps: 20, checkpointEvery: 6, evaluateEvery: 10, sample, validation: 0.1 })
    expect(stops(made)).toEqual([6, 8, 10, 12, 16, 18, 20])
    const evaluated = stops(made).filter((step) => isDue(made, made.stops.evaluation, step))
    expect(evaluated).toEqual([10, 20])
    expect(plan({ validation: 0 }).stops.evaluation).toBe(null)
  })

  test('what conditions', () => {
    expect(plan({ condition: 'text' })).toMatchObject({
      ...{ textProbability: 1, odds: { text: true, audio: false } },
    })
    expect(plan({ condition: { mixed: 0 } }).odds).toEqual({ text: false, audio: true })
    expect(plan({ condition: { mixed: 0.3 } }).odds).toEqual({ text: true, audio: true })
  })

  test('adapters sit on linear layers of attention and on those that modulate', () => {
    const modules = plan({ lora: { rank: 4 } }).lora?.modules ?? []
    const { tensors } = folder.parts.unet
    for (const name of modules) expect(tensors.get(`${name}.weight`)?.shape).toHaveLength(2)
    const attention = plan({ lora: { rank: 4, targets: ['attention'] } }).lora?.modules ?? []
    const film = plan({ lora: { rank: 4, targets: ['film'] } }).lora?.modules ?? []
    expect([...attention, ...film].sort()).toEqual(modules)
    expect(film).toContain('class_embedding')
    // Each block of attention has two, of four layers.
    expect(attention.length % 8).toBe(0)
  })
})
