/** Which of two sets is better, and how sure that is. */
import { biasedIntervalOf, type Interval, intervalOf, usualLevel } from '../metrics/interval.js'
import type { MetricName, Scatters } from '../metrics/metric.js'
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

export interface MetricDifferences {
  fd?: Difference
  fad?: Difference
  is?: Difference
  kl?: { softmax: Difference; sigmoid: Difference }
  kad?: Difference
  kid?: Difference
  lsd?: Difference
  psnr?: Difference
  ssim?: Difference
  clap?: Difference
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
  const common = (Object.keys(a) as (keyof Scatters)[]).filter((name) => b[name])
  const level = 1 - (1 - usualLevel) / common.length
  const count = clips.a === clips.b ? `N = ${clips.a}` : `N = ${clips.a} and ${clips.b}`
  const difference = (scatter: keyof Scatters, name: MetricName) => {
    const [first, second] = [a[scatter], b[scatter]]
    return first && second && judge(first, second, { name, count, level })
  }
  const found: MetricDifferences = {}
  for (const name of ['fd', 'fad', 'is', 'kad', 'kid', 'lsd', 'psnr', 'ssim', 'clap'] as const) {
    const judged = difference(name, name)
    if (judged) found[name] = judged
  }
  const softmax = difference('klSoftmax', 'kl')
  const sigmoid = difference('klSigmoid', 'kl')
  if (softmax && sigmoid) found.kl = { softmax, sigmoid }
  return { differences: found, level }
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
