/** The numbers of a study's cells, as its tables and figures show them. */
import type { Interval } from '../metrics/interval.js'
import type { MetricIntervals, MetricName, MetricValues } from '../metrics/metric.js'
import { type AskedMetric, askedMetrics, partsOf } from '../metrics/metric-at.js'
import { selectMetrics } from '../metrics/registry.js'
import { normalQuantile, studentQuantile } from '../metrics/student.js'
import type { ScoreResult } from '../score/result.js'

/** A value with its 95 % interval, where there is one. */
export interface StudyNumber extends Partial<Interval> {
  value: number
}

export interface Column {
  metric: AskedMetric
  title: string
  better: 'lower' | 'higher'
}

/** Those of the paper, in its order, then the others. */
const titles = {
  fd: 'FD',
  is: 'IS',
  kl: 'KL',
  fad: 'FAD',
  kad: 'KAD',
  kid: 'KID',
  'fad-infinity': 'FAD∞',
  clap: 'CLAP',
  lsd: 'LSD',
  psnr: 'PSNR',
  ssim: 'SSIM',
} as const satisfies Record<MetricName, string>

/** The metrics that any of these results has. */
export function columnsOf(scores: readonly ScoreResult[]): Column[] {
  return (Object.keys(titles) as MetricName[])
    .flatMap((name) => askedMetrics.filter((metric) => partsOf(metric).name === name))
    .filter((metric) => scores.some((score) => numberOf(score, metric) !== undefined))
    .map(columnOf)
}

export function columnOf(metric: AskedMetric): Column {
  const { name, backbone } = partsOf(metric)
  const [{ better }] = selectMetrics([name])
  return { metric, title: titles[name] + (backbone ? ` (${backbone})` : ''), better }
}

/** Of kl the softmax, of metrics with a spread their mean. Undefined where there is no number. */
export function numberOf(
  { metrics, intervals }: Pick<ScoreResult, 'metrics' | 'intervals'>,
  metric: AskedMetric,
): StudyNumber | undefined {
  const value = rawValue(metrics, metric)
  // Results that were saved have null for what is not finite.
  if (value === undefined || !Number.isFinite(value)) return undefined
  const { low, high } = (intervals && rawInterval(intervals, metric)) ?? {}
  return Number.isFinite(low) && Number.isFinite(high) ? { value, low, high } : { value }
}

function rawValue(metrics: MetricValues, metric: AskedMetric): number | undefined {
  const found = metrics[keyOf(metric)]
  if (typeof found !== 'object' || found === null) return found
  return 'softmax' in found ? found.softmax : 'mean' in found ? found.mean : found.value
}

function rawInterval(intervals: MetricIntervals, metric: AskedMetric): Interval | undefined {
  const key = keyOf(metric)
  const found = key === 'fadInfinity' ? undefined : intervals[key]
  return found && 'softmax' in found ? found.softmax : found
}

function keyOf(metric: AskedMetric): keyof MetricValues {
  const { name, backbone } = partsOf(metric)
  const field = name === 'fad-infinity' ? 'fadInfinity' : name
  return (backbone ? `${field}@${backbone}` : field) as keyof MetricValues
}

/**
 * The mean of a number over training seeds. Its interval has both parts: that of the clips, which
 * all seeds share, and that of the seeds, by Student's t; as if independent, so their squares add up.
 * One seed, or numbers without intervals of clips, have the one part that there is.
 */
export function overRepeats(numbers: readonly StudyNumber[]): StudyNumber | undefined {
  if (numbers.length === 0) return undefined
  const mean = average(numbers.map(({ value }) => value))
  const below = average(numbers.map((each) => each.value - (each.low ?? Number.NaN)))
  const above = average(numbers.map((each) => (each.high ?? Number.NaN) - each.value))
  const seeds = seedReach(numbers.map(({ value }) => value))
  if (Number.isNaN(below) && seeds === undefined) return { value: mean }
  const reach = (clips: number) => Math.hypot(Number.isNaN(clips) ? 0 : clips, seeds ?? 0)
  return { value: mean, low: mean - reach(below), high: mean + reach(above) }
}

function seedReach(values: number[]): number | undefined {
  if (values.length < 2) return undefined
  const mean = average(values)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return studentQuantile(0.95, values.length - 1) * Math.sqrt(variance / values.length)
}

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** a − b with its interval; `shown` where that leaves 0 out. */
export interface NumberDifference extends Interval {
  difference: number
  shown: boolean
}

/**
 * As if both were independent; what two numbers share, such as the reference, makes the true interval
 * narrower, so a difference is missed rather than invented. With `among` differences looked at
 * together, each interval is as much wider as Bonferroni's correction makes a normal one. Undefined
 * without intervals.
 */
export function differenceBetween(
  a: StudyNumber,
  b: StudyNumber,
  among = 1,
): NumberDifference | undefined {
  if (a.low === undefined || a.high === undefined) return undefined
  if (b.low === undefined || b.high === undefined) return undefined
  const wider = among === 1 ? 1 : normalQuantile(1 - 0.05 / among) / normalQuantile(0.95)
  const difference = a.value - b.value
  const low = difference - wider * Math.hypot(a.value - a.low, b.high - b.value)
  const high = difference + wider * Math.hypot(a.high - a.value, b.value - b.low)
  return { difference, low, high, shown: low > 0 || high < 0 }
}

/** a / b, with an interval where both have one, of first order and as if both were independent. */
export function ratioOf(a: StudyNumber, b: StudyNumber): StudyNumber | undefined {
  if (b.value === 0) return undefined
  const value = a.value / b.value
  const [first, second] = [reachOf(a), reachOf(b)]
  if (first === undefined || second === undefined) return { value }
  const reach = Math.hypot(first / b.value, (value * second) / b.value)
  return { value, low: value - reach, high: value + reach }
}

/** Of the interval, half. */
function reachOf({ low, high }: StudyNumber): number | undefined {
  return low === undefined || high === undefined ? undefined : (high - low) / 2
}

/** The value alone, to as many digits as its interval leaves. */
export function valueText(number: StudyNumber): string {
  return number.value.toFixed(decimalsOf(number)).replace('-', '−')
}

/** Both ends of its interval. */
export function intervalTexts(number: StudyNumber): [string, string] | undefined {
  const { low, high } = number
  if (low === undefined || high === undefined) return undefined
  const text = (end: number) => end.toFixed(decimalsOf(number)).replace('-', '−')
  return [text(low), text(high)]
}

/** Two digits of half the interval; without one, four digits of the value. */
function decimalsOf({ value, low, high }: StudyNumber): number {
  const half = low === undefined || high === undefined ? 0 : (high - low) / 2
  const [size, digits] = half > 0 ? [half, 2] : [Math.abs(value), 4]
  if (size === 0) return 2
  return Math.max(0, Math.min(8, digits - 1 - Math.floor(Math.log10(size))))
}
