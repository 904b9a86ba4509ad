/** From scatter to intervals. */
import type { Scatter } from './resampling.js'
import { normalQuantile, studentQuantile } from './student.js'

export const usualLevel = 0.95

/** NaN, `null` in JSON, where there are too few clips. */
export interface Interval {
  low: number
  high: number
}

/** Of a number that depends on how many clips there are. */
export interface BiasedInterval extends Interval {
  /** What the number has too much with so many clips: it falls as 1/N. */
  bias: number
  /** Without it: what infinitely many clips would give. */
  infinite: Interval & { value: number }
}

/**
 * Bootstrap: percentiles of the replicates (B. Efron, R. J. Tibshirani, "An introduction to the
 * bootstrap", 1993), stretched as Student's t is wider than a normal distribution, and by what the
 * spread of N clips lacks, since few clips vary too little (T. C. Hesterberg, "What teachers should
 * know about the bootstrap", 2015). Jackknife: Student's t with the spread of the pseudo-values.
 */
export function intervalOf(scatter: Scatter, level = usualLevel): Interval {
  return scatter.method === 'bootstrap'
    ? percentiles(scatter, level)
    : around(scatter.value, scatter, level)
}

/** With what the jackknife says of bias. */
export function biasedIntervalOf(scatter: Jackknife, level = usualLevel): BiasedInterval {
  const { value, without } = scatter
  const bias = (without.length - 1) * (meanOf(without) - value)
  const infinite = value - bias
  return {
    ...around(value, scatter, level),
    bias,
    infinite: { value: infinite, ...around(infinite, scatter, level) },
  }
}

export type Bootstrap = Extract<Scatter, { method: 'bootstrap' }>
export type Jackknife = Extract<Scatter, { method: 'jackknife' }>

function percentiles(scatter: Bootstrap, level: number): Interval {
  const { value, clips } = scatter
  if (clips < 2) return { low: Number.NaN, high: Number.NaN }
  const sorted = deviationsOf(scatter)
    .filter((deviation) => !Number.isNaN(deviation))
    .sort()
  const stretch =
    (Math.sqrt(clips / (clips - 1)) * studentQuantile(level, clips - 1)) / normalQuantile(level)
  const at = (part: number) => value + stretch * quantile(sorted, part)
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) }
}

/**
 * Of what is of first order, a part is noise that drawing anew adds to that of the clips themselves:
 * its variance is twice that of what is of second order, and is taken out. Without that, intervals
 * of equal sets, where nothing is of first order, would be √3 times too wide.
 */
function deviationsOf({ deviations, secondOrder }: Bootstrap): Float64Array {
  if (secondOrder === undefined) return deviations
  const first = deviations.map((each, i) => each - secondOrder[i])
  const excess = (2 * varianceOf(secondOrder)) / varianceOf(first)
  const kept = excess < 1 ? Math.sqrt(1 - excess) : 0
  return first.map((each, i) => kept * each + secondOrder[i])
}

function around(value: number, { without }: Jackknife, level: number): Interval {
  const groups = without.length
  const variance = ((groups - 1) ** 2 / groups) * varianceOf(without)
  const reach = studentQuantile(level, groups - 1) * Math.sqrt(variance)
  return { low: value - reach, high: value + reach }
}

function quantile(sorted: Float64Array, part: number): number {
  const place = part * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (place - below) * (sorted[above] - sorted[below])
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** With N − 1 below. */
function varianceOf(values: Float64Array): number {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return squares / (values.length - 1)
}
