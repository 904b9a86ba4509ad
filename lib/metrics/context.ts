import type { Calculator } from '../native/calculator.js'
import type { Resampling } from './resampling.js'
import type { Rows } from './rows.js'
import type { Statistics } from './statistics.js'

/**
 * Where the rows come from: 'embedding', a row a clip from CNN14 (or CLAP's, or the rows of the
 * user's own archive, which then stand in its place); 'logits', CNN14's 527 class scores of a clip;
 * 'frames', a row for each 0.96 s patch of a clip from VGGish; 'clap', a row a clip from CLAP.
 */
export type FeatureSource = 'embedding' | 'logits' | 'frames' | 'clap'

export type SideName = 'generated' | 'reference'

/** Indices into the clips of either side. */
export interface Pair {
  generated: number
  reference: number
}

/** NaN is what a pair does not have, being too short. */
export interface SpectralPair extends Pair {
  lsd: number
  /** dB; infinite where the log-mel images are equal. */
  psnr: number
  ssim: number
  /** Whether one of the two stays at one value for a frame of the log-spectral distance. */
  silence: boolean
}

/** All that a metric computes from. It owns none of it. */
export interface MetricContext {
  /** As the metric was asked for, `kad@passt`: what warnings call it. */
  readonly name: string
  readonly calculator: Calculator
  /** Whether scores of single clips are wanted. */
  readonly perClip: boolean
  /** How clips are drawn anew, where intervals are wanted. */
  readonly resampling?: Resampling
  /** Pairs of which both clips could be read, in the order of the generated clips. */
  readonly pairs: Pair[]
  /** Only what the metric said it needs is there. */
  statistics(side: SideName, source: FeatureSource): Statistics
  rows(side: SideName, source: FeatureSource): Rows
  /** Embeddings of the prompts, of length 1, by generated clip; computed at the first call. */
  prompts(): Promise<ReadonlyMap<number, Float64Array>>
  /** One entry a pair; computed at the first call. */
  spectralPairs(): Promise<SpectralPair[]>
}
