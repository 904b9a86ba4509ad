/** Which of two sets is better, and how sure that is. */
import { biasedIntervalOf, type Interval, intervalOf, usualLevel } from '../metrics/interval.js'
import type { MetricName, Scatters } from '../metrics/metric.js'
import { type AskedMetric, splitKey } from '../metrics/metric-at.js'
import { selectMetrics } from '../metrics/registry.js'
import { differenceOf, type Scatter } from '../metrics/resampling.js'

/** Of one number, with the interval of its difference. Of fd and fad at infinitely many clips. */
export interface Difference extends Interval {
  a: number
  b: number
  /** a − b */
  difference: number
  /** null where the interval holds 0: no difference is shown. */
  better: 'a' | 'b' | null
  /** The same in words. */
  verdict: string
}

/** By what was asked for, such as `kad` or `kad@passt`; of kl twice. */
export type MetricDifferences = {
  [Name in Exclude<AskedMetric, 'kl' | `kl@${string}` | 'fad-infinity'>]?: Difference
} & { [Name in Extract<AskedMetric, 'kl' | `kl@${string}`>]?: KlDifference }

export interface KlDifference {
  softmax: Difference
  sigmoid: Difference
}

/**
 * Of the numbers that both have; `clips` says how many clips either set has. Intervals are so much
 * wider that all of them hold together as often as one of them would (C. E. Bonferroni, 1936): a set
 * does not become the better one because there are many numbers.
 */
export function differencesOf(
  a: Scatters,
  b: Scatters,
  clips: { a: number; b: number },
): { differences: MetricDifferences; level: number } {
  const common = Object.keys(a).filter((key) => b[key])
  const level = 1 - (1 - usualLevel) / common.length
  const count = clips.a === clips.b ? `N = ${clips.a}` : `N = ${clips.a} and ${clips.b}`
  const found: Record<string, Difference | KlDifference> = {}
  for (const key of common) {
    const { base, behind } = splitKey(key)
    const parts = /^kl(Softmax|Sigmoid)$/.exec(base)
    const name = (parts ? 'kl' : base) as MetricName
    const judged = judge(a[key] as Scatter, b[key] as Scatter, { name, count, level })
    if (parts === null) found[key] = judged
    else {
      const both = found[`kl${behind}`] as KlDifference | undefined
      found[`kl${behind}`] = { ...both, [parts[1].toLowerCase()]: judged } as KlDifference
    }
  }
  return { differences: found as MetricDifferences, level }
}

function judge(
  a: Scatter,
  b: Scatter,
  { name, count, level }: { name: MetricName; count: string; level: number },
): Difference {
  const [{ better: direction }] = selectMetrics([name])
  const { value, low, high } = without(differenceOf(a, b), level)
  const lower = high < 0 ? 'a' : low > 0 ? 'b' : null
  const better = direction === 'lower' || lower === null ? lower : lower === 'a' ? 'b' : 'a'
  const unknown = Number.isNaN(low) ? 'too few clips' : `no difference shown at ${count}`
  const verdict = better === null ? unknown : `${better.toUpperCase()} is better`
  return {
    ...{ a: without(a).value, b: without(b).value, difference: value },
    ...{ low, high, better, verdict },
  }
}

/** Without the bias that a jackknife shows, which differs where sets spread differently. */
function without(scatter: Scatter, level = usualLevel): Interval & { value: number } {
  if (scatter.method === 'jackknife') return biasedIntervalOf(scatter, level).infinite
  return { value: scatter.value, ...intervalOf(scatter, level) }
}
