import type { Calculator } from '../native/calculator.js'
import type { SpectralPair } from '../score/features/spectral-pairs.js'
import type { FeatureSource } from './metric.js'
import type { Rows } from './rows.js'
import type { Statistics } from './statistics.js'

export type SideName = 'generated' | 'reference'

/** Indices into the clips of either side. */
export interface Pair {
  generated: number
  reference: number
}

/** All that a metric computes from. It owns none of it. */
export interface MetricContext {
  readonly calculator: Calculator
  /** Whether scores of single clips are wanted. */
  readonly perClip: boolean
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
