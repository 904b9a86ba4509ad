/** From the scatters of metrics to what a result says of them. */
import { biasedIntervalOf, intervalOf, usualLevel } from '../metrics/interval.js'
import type { MetricIntervals, Scatters } from '../metrics/metric.js'
import { splitKey } from '../metrics/metric-at.js'
import { mostGroups, type Resampling, type Scatter } from '../metrics/resampling.js'
import type { IntervalProtocol } from './protocol/protocol.js'
import type { ParsedScoreOptions } from './schema.js'
import type { Side } from './statistics/side.js'

type BootstrapOptions = Pick<ParsedScoreOptions, 'bootstrap' | 'bootstrapSeed'>

/** Undefined where no intervals are wanted. */
export function resamplingOf(
  { bootstrap, bootstrapSeed }: BootstrapOptions,
  reference: Side | undefined,
): Resampling | undefined {
  if (bootstrap === 0) return undefined
  return {
    replicates: bootstrap,
    groups: mostGroups,
    seeds: { generated: bootstrapSeed, reference: seedAfter(bootstrapSeed, 1) },
    reference: reference?.saved.length === 0,
  }
}

/** Other draws than those of a seed, which are the same on every machine. */
export function seedAfter(seed: number, steps: number): number {
  return (seed + steps) % 2 ** 32
}

export function intervalsOf(scatters: Scatters): MetricIntervals {
  const intervals: Record<string, unknown> = {}
  for (const [key, scatter] of Object.entries(scatters) as [string, Scatter][]) {
    const { base, behind } = splitKey(key)
    if (base === 'klSigmoid') continue
    if (base === 'klSoftmax') {
      const sigmoid = intervalOf(scatters[`klSigmoid${behind}`] as Scatter)
      intervals[`kl${behind}`] = { softmax: intervalOf(scatter), sigmoid }
    } else if (scatter.method === 'jackknife') {
      intervals[key] = biasedIntervalOf(scatter)
    } else {
      const own = base === 'kid' ? { value: scatter.value } : {}
      intervals[key] = { ...own, ...intervalOf(scatter) }
    }
  }
  return intervals as MetricIntervals
}

export function intervalProtocol(
  { replicates, groups, seeds, reference: drawn }: Resampling,
  reference: Side | undefined,
  level = usualLevel,
): IntervalProtocol {
  return {
    level,
    method: 'percentiles of bootstrap samples; fd and fad: jackknife',
    bootstrap: replicates,
    seed: seeds.generated,
    groups,
    ...(reference && { reference: drawn ? 'drawn' : 'fixed' }),
  }
}
