/** What score tells while it runs and when it is done. */

import type { Skipped } from '../files/walk.js'
import type { SideName } from '../metrics/context.js'
import type { MetricIntervals, MetricValues } from '../metrics/metric.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import type { ClipRow } from './per-clip.js'
import type { ScoreProtocol } from './protocol/protocol.js'

/** `step` counts the clips of a side, or the prompts; only the latest unread one is kept. */
export type ScoreEvent =
  | {
      type: 'step'
      stage: SideName | 'prompts'
      done: number
      total: number
      /** Of the clip; of prompts the text. */
      path: string
      /** Whether nothing had to be computed for this clip. */
      cached: boolean
    }
  | { type: 'skipped'; side: SideName; path: string; reason: string }
  /** With `metric` it says something about that number. */
  | { type: 'warning'; message: string; metric?: AskedMetric }
  | { type: 'metric'; name: AskedMetric; value: NonNullable<MetricValues[keyof MetricValues]> }

export interface ScoredSide {
  /** Clips that the numbers are of. */
  count: number
  /** Files and clips that were not scored, and why. */
  skipped: Skipped[]
  /** VGGish patches, where fad or fad-infinity was computed. */
  frames?: number
  /** Files of saved statistics or rows that it came from. */
  saved?: { path: string; clips: number; license?: string }[]
}

export interface ScoredPrompts {
  /** Clips that were compared with their prompts. */
  count: number
  /** Clips that have none. */
  skipped: Skipped[]
  /** Prompts that belong to no clip. */
  unused: number
}

export interface ScoreResult {
  metrics: MetricValues
  /** 95 % intervals of them, with `bootstrap`. */
  intervals?: MetricIntervals
  generated: ScoredSide
  /** Absent where no metric compares. */
  reference?: ScoredSide
  /** Pairs that kl, lsd, psnr and ssim are of, where one of them was computed. */
  pairs?: number
  /** What clap is of, where it was computed. */
  prompts?: ScoredPrompts
  /** Features of a clip by a network: those computed in this run, and those found in the cache. */
  features: { computed: number; cached: number }
  protocol: ScoreProtocol
  /** One a generated clip, with `perClip`. */
  clips?: ClipRow[]
}
