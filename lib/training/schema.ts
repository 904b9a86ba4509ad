/** Checks the options of fineTune. Apart from their types, which must not need zod's. */
import { z } from 'zod'
import { backboneNames } from '../backbones/backbone.js'
import type { Dataset } from '../datasets/dataset.js'
import { abortSignal, expecting, integerIn, numberIn, seedOption } from '../options.js'
import { metricsSchema } from '../score/schema.js'
import { defaultTrainingCacheDir } from './cache-dir.js'

const text = (what: string) =>
  z.string(expecting(what)).min(1, { error: `expected ${what}, got ''` })
const flag = z.boolean(expecting('true or false'))
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, expecting(`${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`))
const above0 = (max: number) => {
  const error = expecting(`a number above 0, up to ${max}`)
  return z.number(error).gt(0, error).max(max, error)
}
const deviceForm = expecting('auto, cpu, cuda or cuda:N')
const maxSteps = 10_000_000

const datasetForm = 'a data set, such as esc50(dir) or captionedFolder(dir)'
const dataset = z.custom<Dataset>(isDataset, expecting(datasetForm))

function isDataset(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { name, path, load } = value as Partial<Dataset>
  return typeof name === 'string' && typeof path === 'string' && typeof load === 'function'
}

const conditionForm = expecting("'text', 'audio' or { mixed: probability of text }")

const lora = z.strictObject(
  {
    rank: integerIn(1, 1024),
    alpha: above0(65536).optional(),
    targets: z
      .array(oneOf(['attention', 'film']), expecting('a list of attention and film'))
      .min(1, { error: 'the list is empty' })
      .default(['attention', 'film']),
  },
  expecting('an object such as { rank: 16 }'),
)

const evaluation = z.strictObject(
  {
    clips: integerIn(1, 100_000).default(64),
    draws: integerIn(1, 100).default(4),
    metrics: metricsSchema.optional(),
    panns: text('a weights file').optional(),
    passt: text('a weights file').optional(),
    backbone: oneOf(backboneNames).default('cnn14-16k'),
    vggish: text('a weights file').optional(),
    embedding: text("an archive and its rate, as 'my.pt@16000'").optional(),
    steps: integerIn(1, 1000).default(25),
    guidanceScale: numberIn(0, 100).default(2.5),
  },
  expecting('an object'),
)

const promptsForm = expecting('a list of texts')
const sample = z.strictObject(
  {
    prompts: z
      .array(text('a text'), promptsForm)
      .min(1, { error: 'the list is empty' })
      .max(100, { error: 'the list has more than 100 texts' }),
    every: integerIn(1, maxSteps).optional(),
    steps: integerIn(1, 1000).default(25),
    guidanceScale: numberIn(0, 100).default(2.5),
    durationSeconds: numberIn(0.01, 300, ' seconds').optional(),
    seed: seedOption.optional(),
  },
  expecting('an object such as { prompts: [text] }'),
)

/** @internal */
export const fineTuneSchema = z.strictObject({
  dataset,
  validation: z
    .union([dataset, numberIn(0, 0.9)], expecting('a data set, or a number from 0 to 0.9'))
    .default(0.1),
  condition: z
    .union([oneOf(['text', 'audio']), z.strictObject({ mixed: numberIn(0, 1) })], conditionForm)
    .default('text'),
  init: oneOf(['pretrained', 'scratch']).default('pretrained'),
  steps: integerIn(1, maxSteps),
  batchSize: integerIn(1, 1024).default(8),
  accumulate: integerIn(1, 1024).default(1),
  learningRate: above0(1).default(1e-4),
  warmupSteps: integerIn(0, maxSteps).optional(),
  schedule: oneOf(['constant', 'cosine']).default('constant'),
  weightDecay: numberIn(0, 1).default(0.01),
  maxGradientNorm: numberIn(0, 1_000_000).default(1),
  emaDecay: numberIn(0, 0.999999).default(0.9999),
  conditionDropout: numberIn(0, 1).default(0.1),
  dtype: oneOf(['auto', 'float32', 'bfloat16']).default('auto'),
  seed: seedOption.default(0),
  segmentSeconds: numberIn(0.16, 40.96, ' seconds').default(10.24),
  cache: flag.default(true),
  cacheDir: text('a folder').default(defaultTrainingCacheDir),
  lora: lora.optional(),
  outputDir: text('a folder'),
  checkpointEvery: integerIn(1, maxSteps).optional(),
  keepLast: integerIn(1, 1000).default(2),
  evaluateEvery: integerIn(1, maxSteps).optional(),
  evaluation: evaluation.prefault({}),
  sample: sample.optional(),
  resume: flag.default(false),
  device: z
    .string(deviceForm)
    .regex(/^(auto|cpu|cuda(:\d{1,3})?)$/, deviceForm)
    .default('auto'),
  threads: integerIn(1, 1024).optional(),
  libtorchPath: text('a folder').optional(),
  signal: abortSignal.optional(),
})

export type FineTuneSettings = Omit<z.output<typeof fineTuneSchema>, 'signal'>
