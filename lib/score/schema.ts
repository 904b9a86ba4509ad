/** Checks the options of score and saveStatistics. Apart from their types, which must not need zod's. */
import { z } from 'zod'
import { monoRules, resamplerNames } from '../audio/waveform-protocol.js'
import { parseArchiveSpec } from '../backbones/archive.js'
import {
  type BackboneName,
  type BackboneSpec,
  backboneNames,
  type PannsName,
} from '../backbones/backbone.js'
import type { ClapSpec } from '../backbones/clap.js'
import { InvalidOptionError } from '../errors.js'
import { defaultClassifier } from '../files/paths.js'
import { metricNames } from '../metrics/metric.js'
import { type AskedMetric, askedMetrics, goesByBackbone, partsOf } from '../metrics/metric-at.js'
import type { Model } from '../model/model.js'
import { abortSignal, expecting, integerIn } from '../options.js'
import { defaultFeatureCacheDir } from './features/feature-cache.js'
import { pairingModes } from './inputs/pairing.js'
import { presetNames } from './preset-names.js'

const text = (what: string) =>
  z.string(expecting(what)).min(1, { error: `expected ${what}, got ''` })
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, expecting(`${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`))
const deviceForm = expecting('auto, cpu, cuda or cuda:N')

const replicates = expecting('0 or 100 … 100000')

const isPath = (value: unknown) => typeof value === 'string' && value !== ''

export const featureShape = {
  panns: text('a weights file').optional(),
  passt: text('a weights file').optional(),
  vggish: text('a weights file').optional(),
  vggishRelu: z.boolean(expecting('true or false')).default(false),
  vggishPca: text('a file of PCA parameters').optional(),
  embedding: text("an archive and its rate, as 'my.pt@16000'").optional(),
  clap: z
    .custom<string | Model>(
      // By its looks: its class would load all of generation before a flag is read.
      (value) => [value, (value as Model | null)?.info?.path].some(isPath),
      expecting('a model folder, a file of LAION-CLAP, a hub id or a loaded model'),
    )
    .optional(),
  backbone: oneOf(backboneNames).default('cnn14-16k'),
  mono: oneOf(monoRules).default('first-channel'),
  resampler: oneOf(resamplerNames).default('sinc'),
  device: z
    .string(deviceForm)
    .regex(/^(auto|cpu|cuda(:\d{1,3})?)$/, deviceForm)
    .default('auto'),
  dtype: oneOf(['auto', 'float32', 'bfloat16', 'float16']).default('float32'),
  batchSize: integerIn(1, 256).optional(),
  threads: integerIn(1, 1024).optional(),
  cacheDir: text('a folder, or null for no cache').nullable().default(defaultFeatureCacheDir),
  libtorchPath: text('a folder').optional(),
  signal: abortSignal.optional(),
}

export const metricsSchema = z
  .array(
    z.enum(
      askedMetrics,
      expecting(
        `${metricNames.join(', ')}, or fd, kad, kid, is or kl with a backbone, as kad@passt`,
      ),
    ),
    expecting('a list of metrics'),
  )
  .min(1, { error: 'the list is empty' })

export const scoreSchema = z.strictObject({
  ...featureShape,
  generated: z.unknown(),
  reference: z.unknown().optional(),
  metrics: metricsSchema.optional(),
  preset: oneOf(presetNames).optional(),
  pairing: oneOf(pairingModes).optional(),
  prompts: z.unknown().optional(),
  perClip: z.boolean(expecting('true or false')).default(false),
  bootstrap: z
    .int(replicates)
    .refine((count) => count === 0 || (count >= 100 && count <= 100_000), replicates)
    .default(0),
  bootstrapSeed: integerIn(0, 2 ** 32 - 1).default(2020),
  saveStatistics: text('a path').optional(),
  html: z
    .string(expecting('a path'))
    .regex(/\.html?$/i, expecting('a path that ends in .html'))
    .optional(),
})

const { generated, perClip, saveStatistics, html, ...shared } = scoreSchema.shape

export const compareSchema = z.strictObject({
  ...shared,
  a: z.unknown(),
  b: z.unknown(),
  bootstrap: integerIn(100, 100_000).default(1000),
})

export type ParsedScoreOptions = Omit<
  z.output<typeof scoreSchema>,
  'generated' | 'reference' | 'prompts' | 'signal'
>
export type ParsedFeatureOptions = z.output<z.ZodObject<typeof featureShape>>

/** The backbones whose weights are given. */
export interface GivenBackbones {
  /** By the option that gives them. */
  specs: {
    panns?: BackboneSpec
    passt?: BackboneSpec
    vggish?: BackboneSpec
    embedding?: BackboneSpec
    clap?: ClapSpec
  }
  /** Which of PANNs' networks `panns` is, given or not. */
  panns: PannsName
  chosen: Chosen
}

export type Role = keyof GivenBackbones['specs']

/** What metrics compare clips by where they leave it open, given or not. */
export interface Chosen {
  /** For fd, kad and kid. */
  embedding: Role
  /** For is and kl. */
  logits: Role
}

/** The option that gives each its weights. */
const roles: Record<BackboneName, Role> = {
  'cnn14-16k': 'panns',
  'cnn14-32k': 'panns',
  'wavegram-logmel': 'panns',
  passt: 'passt',
  clap: 'clap',
}

/** Of a backbone; CLAP and archives have no classes. */
export function chosenOf(backbone: BackboneName): Chosen {
  const role = roles[backbone]
  return { embedding: role, logits: role === 'clap' ? 'panns' : role }
}

export function givenBackbones(
  options: ParsedFeatureOptions,
  metrics?: readonly AskedMetric[],
): GivenBackbones {
  const { panns, passt, vggish, backbone, vggishRelu, vggishPca, embedding, clap } = options
  if (vggish === undefined && (vggishRelu || vggishPca !== undefined)) {
    const option = vggishRelu ? 'vggishRelu' : 'vggishPca'
    throw new InvalidOptionError(option, 'applies to VGGish, whose weights are not given')
  }
  if (roles[backbone] !== 'panns' && embedding !== undefined) {
    const message = `cannot be ${backbone} beside embedding: both are for fd`
    throw new InvalidOptionError('backbone', message)
  }
  const pannsName = pannsOf(backbone, metrics)
  const chosen = chosenOf(backbone)
  return {
    specs: {
      ...(panns && { panns: { kind: pannsName, weights: panns } }),
      ...(passt && { passt: { kind: 'passt', weights: passt } }),
      ...(vggish && {
        vggish: { kind: 'vggish', weights: vggish, finalRelu: vggishRelu, pca: vggishPca },
      }),
      ...(embedding && { embedding: parseArchiveSpec(embedding) }),
      ...(clap && {
        clap: { kind: 'clap', model: typeof clap === 'string' ? clap : clap.info.path },
      }),
    },
    panns: pannsName,
    chosen: { ...chosen, ...(embedding && { embedding: 'embedding' }) },
  }
}

/** The one network that the weights of `panns` are of. */
function pannsOf(backbone: BackboneName, metrics: readonly AskedMetric[] = []): PannsName {
  const named = new Set<BackboneName>()
  for (const asked of metrics) {
    const { name, backbone: own } = partsOf(asked)
    if (own) named.add(own)
    else if (goesByBackbone(name)) named.add(backbone)
  }
  const names = [...named].filter((name) => roles[name] === 'panns') as PannsName[]
  if (names.length > 1) {
    throw new InvalidOptionError(
      'metrics',
      `are by ${names.join(' and ')}, and panns gives the weights of one network`,
      'Score by each in a run of its own, or give backbone for those that name none.',
    )
  }
  const usual = roles[backbone] === 'panns' ? (backbone as PannsName) : 'cnn14-16k'
  return names[0] ?? usual
}

/**
 * With the small classifiers of the package where none is given. Never beside one that is, and not for
 * a preset: numbers of one table should be of one kind.
 */
export function orSmallClassifiers(given: GivenBackbones, preset?: string): GivenBackbones {
  const { panns, passt, vggish, embedding } = given.specs
  const other = given.panns !== 'cnn14-16k' || given.chosen.embedding === 'passt'
  if (panns || passt || vggish || embedding || other || preset !== undefined) return given
  return {
    ...given,
    specs: {
      ...given.specs,
      panns: { kind: 'cnn14-16k', weights: defaultClassifier('cnn14-16k') },
      vggish: { kind: 'vggish', weights: defaultClassifier('vggish'), finalRelu: false },
    },
  }
}
