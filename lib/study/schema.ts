/** Checks the options of study. Apart from their types, which must not need zod's. */
import { z } from 'zod'
import type { Dataset } from '../datasets/dataset.js'
import { clipSchema } from '../generate/plan.js'
import { abortSignal, expecting, integerIn, seedOption } from '../options.js'
import { scoreSchema } from '../score/schema.js'
import { fineTuneSchema } from '../training/schema.js'
import type { StudyScoring } from './options.js'

const text = (what: string) =>
  z.string(expecting(what)).min(1, { error: `expected ${what}, got ''` })
const someOf = <T extends z.ZodType>(element: T, what: string) =>
  z.array(element, expecting(what)).min(1, { error: 'the list is empty' })

const { dataset, device, threads, libtorchPath } = fineTuneSchema.shape
const { durationSeconds, steps, guidanceScale, guidanceInterval, scheduler, karras, eta } =
  clipSchema.shape

const generation = z.strictObject(
  {
    durationSeconds,
    steps: steps.default(25),
    guidanceScale: guidanceScale.default(2.5),
    guidanceInterval,
    scheduler: scheduler.default('dpmpp-2m'),
    karras: karras.default(false),
    eta: eta.default(0),
    batchSize: integerIn(1, 64).optional(),
  },
  expecting('an object such as { steps: 25 }'),
)

const training = fineTuneSchema
  .pick({
    ...{ steps: true, batchSize: true, accumulate: true, learningRate: true, warmupSteps: true },
    ...{ schedule: true, weightDecay: true, maxGradientNorm: true, emaDecay: true },
    ...{ conditionDropout: true, dtype: true, segmentSeconds: true, evaluateEvery: true },
    ...{ cacheDir: true },
  })
  .strict()

const scoringShape = scoreSchema
  .omit({
    ...{ generated: true, reference: true, pairing: true, prompts: true, perClip: true },
    ...{ saveStatistics: true, html: true },
    ...{ device: true, threads: true, libtorchPath: true, signal: true },
  })
  .strict()

/** As it was given: a preset decides what is left out, and not a default. */
const scoring = z.custom<StudyScoring>().superRefine((value, context) => {
  const { error } = scoringShape.safeParse(value)
  for (const issue of error?.issues ?? []) context.addIssue({ ...issue, code: 'custom' })
})

/** @internal */
export const studySchema = z.strictObject({
  datasets: someOf(dataset, 'a list of data sets') as z.ZodType<Dataset[]>,
  outputDir: text('a folder'),
  model: text('a model folder or a hub id').optional(),
  base: text('a model folder or a hub id').optional(),
  miniature: z.boolean(expecting('true or false')).default(false),
  lists: someOf(text('the path of a list'), 'a list of paths').optional(),
  items: integerIn(1, 100_000).optional(),
  conditions: someOf(
    z.enum(['text', 'audio'], expecting('text or audio')),
    'a list of text and audio',
  )
    .transform((names) => [...new Set(names)])
    .default(['text', 'audio']),
  repeats: integerIn(1, 100).default(1),
  seed: seedOption.default(0).transform(BigInt),
  generation: generation.prefault({}),
  training: training.optional(),
  scoring: scoring.default({}),
  device,
  threads,
  libtorchPath,
  signal: abortSignal.optional(),
})

export type StudySettings = Omit<z.output<typeof studySchema>, 'signal'>
