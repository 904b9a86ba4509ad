/** The result of score for people. */
import type { BiasedInterval, Interval } from '../metrics/interval.js'
import { type AskedMetric, partsOf } from '../metrics/metric-at.js'
import { selectMetrics } from '../metrics/registry.js'
import { describeDType } from '../native/device.js'
import type { ScoreProtocol } from '../score/protocol/protocol.js'
import type { ScoredSide, ScoreResult } from '../score/result.js'

type Told = { name: AskedMetric; value: unknown }

/** `notes`: what should be known of the numbers. */
export function scoreTable(result: ScoreResult, metrics: Told[], notes: string[]): string {
  const rows = metrics.flatMap(({ name, value }) => {
    const [metric] = selectMetrics([partsOf(name).name])
    const frames = metric.generated?.source === 'frames'
    const counts = metric.paired
      ? [count(result.pairs, 'pair'), '']
      : metric.prompts
        ? [count(result.prompts?.count, 'prompt'), '']
        : [
            clips(result.generated, frames),
            metric.reference ? clips(result.reference as ScoredSide, frames) : '',
          ]
    const intervals = result.intervals as Intervals | undefined
    return [...valueRows(name, value, intervals), ...infiniteRow(name, intervals)].map(
      ([label, text, interval]) => [label, text, ...(intervals ? [interval] : []), ...counts],
    )
  })
  const heads = ['value', ...(result.intervals ? ['95 % interval'] : []), 'generated', 'reference']
  const table = align([['metric', ...heads], ...rows])
  return [
    ...presetLine(result.protocol),
    table,
    ...notes.map((note) => `note: ${note}`),
    ...licenseLines(result),
    protocolLine(result.protocol),
  ].join('\n')
}

export function presetLine({ preset }: ScoreProtocol): string[] {
  return preset ? [`preset ${preset}`] : []
}

function count(number = 0, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}

/** Of saved files whose owners say what may be done with them. */
function licenseLines({ generated, reference }: ScoreResult): string[] {
  const files = [...(generated.saved ?? []), ...(reference?.saved ?? [])]
  return files.flatMap(({ path, license }) => (license ? [`licence of ${path}: ${license}`] : []))
}

function clips({ count, frames }: ScoredSide, patches: boolean): string {
  return patches && frames ? `${count} (${frames} patches)` : String(count)
}

type Intervals = Partial<Record<string, Interval & Record<string, Interval>>>
type Row = [label: string, value: string, interval: string]

/** One row a number, but mean and deviation in one. */
function valueRows(name: string, value: unknown, intervals: Intervals = {}): Row[] {
  const interval = intervalText(intervals[name])
  if (typeof value === 'number') return [[name, number(value), interval]]
  const fields = value as Record<string, number>
  if ('mean' in fields) {
    const deviation = Number.isNaN(fields.std) ? '' : ` ± ${number(fields.std)}`
    return [[name, number(fields.mean) + deviation, interval]]
  }
  if ('value' in fields) {
    const { value: main, ...others } = fields
    const details = Object.entries(others).map(([key, each]) => `${key} ${number(each)}`)
    return [[name, `${number(main)} (${details.join(', ')})`, interval]]
  }
  return Object.entries(fields).map(([key, each]) => [
    `${name} ${key}`,
    number(each),
    intervalText(intervals[name]?.[key]),
  ])
}

/** Without the bias that so many clips bring. */
function infiniteRow(name: string, intervals: Intervals = {}): Row[] {
  const { infinite } = (intervals[name] ?? {}) as Partial<BiasedInterval>
  if (infinite === undefined) return []
  return [[`${name} at infinity`, number(infinite.value), intervalText(infinite)]]
}

function intervalText(interval: Interval | undefined): string {
  if (interval?.low === undefined) return ''
  const { low, high } = interval
  return Number.isNaN(low) ? 'too few clips' : `${short(low)} … ${short(high)}`
}

export function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}

export function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : String(value)
}

export function align(rows: string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

export function protocolLine(protocol: ScoreProtocol): string {
  const { resampler, mono, device, version, libtorch, intervals } = protocol
  const backbones = Object.entries(protocol.backbones).map(
    ([name, { sampleRate, hash }]) => `${name} at ${sampleRate} Hz (${hash.slice(0, 8)})`,
  )
  const parts = [
    ...backbones,
    `${mono}, ${resampler.name}`,
    ...preparations(protocol),
    `${describeDType(protocol)} on ${device}`,
    ...(intervals
      ? [
          `intervals of ${number(100 * intervals.level)} %, ${intervals.bootstrap} samples, seed ${intervals.seed}${intervals.reference === 'fixed' ? ', of this very reference' : ''}`,
        ]
      : []),
    `audioldm ${version}, libtorch ${libtorch}`,
  ]
  return `protocol: ${parts.join('; ')}`
}

/** What the networks want of waveforms; without any, waveforms are compared as they are. */
function preparations({ backbones }: ScoreProtocol): string[] {
  const entries = Object.entries(backbones)
  const kinds = entries.map(([name, { removeMean, minSamples, repeatpad, whole }]) => {
    const repeated = `repeatpad to ${whole ? 'at least ' : ''}${repeatpad}`
    const length = repeatpad === undefined ? `padded to ${minSamples}` : repeated
    return { name, text: `${removeMean ? 'mean removed, ' : ''}${length} samples` }
  })
  const texts = [...new Set(kinds.map(({ text }) => text))]
  if (texts.length < 2) return texts.length === 0 ? ['mean removed'] : texts
  return texts.map((text) => {
    const names = kinds.filter((kind) => kind.text === text).map(({ name }) => name)
    return `${names.join(' and ')} ${text}`
  })
}
