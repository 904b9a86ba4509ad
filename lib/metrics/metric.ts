/** What a metric is to the rest of the library. `registry.ts` lists them all. */
import type { BackboneName } from '../backbones/backbone.js'
import type { FeatureSource, MetricContext } from './context.js'
import type { BiasedInterval, Interval } from './interval.js'
import type { Scatter } from './resampling.js'

export const metricNames = [
  'fd',
  'fad',
  'is',
  'kl',
  'kad',
  'kid',
  'fad-infinity',
  'lsd',
  'psnr',
  'ssim',
  'clap',
] as const

export type MetricName = (typeof metricNames)[number]

/** Running statistics need memory for one matrix; rows, for all clips. */
export interface Need {
  source: FeatureSource
  form: 'statistics' | 'rows'
}

/** By a backbone of its own, such as `kad@passt`. */
type At<Name extends string, Value> = { [Key in `${Name}@${BackboneName}`]?: Value }

/** What the metrics say about one clip. */
export interface ClipScores extends At<'klSoftmax' | 'klSigmoid' | 'kad', number> {
  klSoftmax?: number
  klSigmoid?: number
  /** What it makes of the value, which is the mean over clips. */
  kad?: number
  fad?: number
  lsd?: number
  psnr?: number
  ssim?: number
  /** Similarity with its prompt, −1 … 1. */
  clap?: number
}

/**
 * Every metric that was asked for; the others are absent. `std` is NaN, `null` in JSON, where there
 * is nothing that could deviate.
 */
export interface MetricValues
  extends At<'fd' | 'kad', number>,
    At<'is' | 'kid', { mean: number; std: number }>,
    At<'kl', { softmax: number; sigmoid: number }> {
  fd?: number
  fad?: number
  is?: { mean: number; std: number }
  kl?: { softmax: number; sigmoid: number }
  kad?: number
  kid?: { mean: number; std: number }
  /** `slope` of FAD against 1/frames and `r2` of the line whose intercept `value` is. */
  fadInfinity?: { value: number; slope: number; r2: number }
  lsd?: number
  /** dB; Infinity where every pair is equal. */
  psnr?: number
  ssim?: number
  clap?: { mean: number; std: number }
}

/** 95 % intervals of the numbers of MetricValues, where there are such. */
export interface MetricIntervals
  extends At<'fd', BiasedInterval>,
    At<'is' | 'kad', Interval>,
    At<'kid', Interval & { value: number }>,
    At<'kl', { softmax: Interval; sigmoid: Interval }> {
  fd?: BiasedInterval
  fad?: BiasedInterval
  is?: Interval
  kl?: { softmax: Interval; sigmoid: Interval }
  kad?: Interval
  /** Of the `value` of all clips, which the mean over subsets scatters around. */
  kid?: Interval & { value: number }
  lsd?: Interval
  psnr?: Interval
  ssim?: Interval
  clap?: Interval
}

/** Of every number that has an interval; those of kl are apart: `klSoftmax`, `klSigmoid`. */
export type Scatters = Partial<Record<string, Scatter>>

export interface Outcome {
  /** Its own field, set. */
  values: MetricValues
  /** Its own, where the context says how to draw clips anew. */
  scatters?: Scatters
  /** By the index of the generated clip. */
  clips?: Map<number, ClipScores>
  /** What else should be known of the numbers. */
  warnings?: string[]
}

export interface Metric {
  readonly name: MetricName
  readonly generated?: Need
  /** Absent where only generated clips count. */
  readonly reference?: Need
  /** What of the generated clips is needed besides for scores of single clips. */
  readonly perClip?: Need
  /** What of either side is needed besides for an interval, as far as there are clips. */
  readonly interval?: Need
  readonly better: 'lower' | 'higher'
  /** It compares clips pair by pair. */
  readonly paired?: boolean
  /** It compares clips with their prompts. */
  readonly prompts?: boolean
  /** It compares waveforms: no network. */
  readonly waveforms?: boolean
  /** The fewest rows of either side; of the reference, where it says so, `minReferenceRows`. */
  readonly minRows?: number
  readonly minReferenceRows?: number
  /** Numbers that it fixes, for the protocol. */
  readonly settings?: Readonly<Record<string, number>>
  compute(context: MetricContext): Promise<Outcome>
}
