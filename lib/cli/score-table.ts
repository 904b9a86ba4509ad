/** The result of score for people. */
import type { MetricName } from '../metrics/metric.js'
import { selectMetrics } from '../metrics/registry.js'
import { describeDType } from '../native/device.js'
import type { ScoreProtocol } from '../score/protocol/protocol.js'
import type { ScoredSide, ScoreResult } from '../score/result.js'

type Told = { name: MetricName; value: unknown }

/** `notes`: what should be known of the numbers. */
export function scoreTable(result: ScoreResult, metrics: Told[], notes: string[]): string {
  const rows = metrics.flatMap(({ name, value }) => {
    const [metric] = selectMetrics([name])
    const frames = metric.generated?.source === 'frames'
    const counts = metric.paired
      ? [`${result.pairs} pairs`, '']
      : metric.prompts
        ? [`${result.prompts?.count} prompts`, '']
        : [
            clips(result.generated, frames),
            metric.reference ? clips(result.reference as ScoredSide, frames) : '',
          ]
    return valueRows(name, value).map(([label, text]) => [label, text, ...counts])
  })
  const table = align([['metric', 'value', 'generated', 'reference'], ...rows])
  return [table, ...notes.map((note) => `note: ${note}`), protocolLine(result)].join('\n')
}

function clips({ count, frames }: ScoredSide, patches: boolean): string {
  return patches && frames ? `${count} (${frames} patches)` : String(count)
}

/** One row a number, but mean and deviation in one. */
function valueRows(name: string, value: unknown): [string, string][] {
  if (typeof value === 'number') return [[name, number(value)]]
  const fields = value as Record<string, number>
  if ('mean' in fields) {
    const deviation = Number.isNaN(fields.std) ? '' : ` ± ${number(fields.std)}`
    return [[name, number(fields.mean) + deviation]]
  }
  if ('value' in fields) {
    const { value: main, ...others } = fields
    const details = Object.entries(others).map(([key, each]) => `${key} ${number(each)}`)
    return [[name, `${number(main)} (${details.join(', ')})`]]
  }
  return Object.entries(fields).map(([key, each]) => [`${name} ${key}`, number(each)])
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : String(value)
}

function align(rows: string[][]): string {
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

function protocolLine({ protocol }: ScoreResult): string {
  const { resampler, mono, device, version, libtorch } = protocol
  const backbones = Object.entries(protocol.backbones).map(
    ([name, { sampleRate, hash }]) => `${name} at ${sampleRate} Hz (${hash.slice(0, 8)})`,
  )
  const parts = [
    ...backbones,
    `${mono}, ${resampler.name}`,
    ...preparations(protocol),
    `${describeDType(protocol)} on ${device}`,
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
