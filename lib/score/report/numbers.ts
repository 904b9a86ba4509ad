/** A result of score in tables: the pieces that a page and a notebook share. */
import type { BiasedInterval, Interval } from '../../metrics/interval.js'
import type { ScoreResult } from '../result.js'
import { htmlTable } from './page.js'

const mostSkipped = 50

export function summary({ generated, reference }: ScoreResult): string {
  const sides = [
    `${clipCount(generated.count)} generated`,
    ...(reference ? [`${clipCount(reference.count)} of reference`] : []),
  ]
  const skipped = generated.skipped.length + (reference?.skipped.length ?? 0)
  const left = skipped > 0 ? `; ${clipCount(skipped)} could not be read and ` : ''
  const are = skipped === 0 ? '' : skipped === 1 ? 'is left out' : 'are left out'
  return `<p>${sides.join(', ')}${left}${are}.</p>`
}

export const clipCount = (n: number) => `${n} ${n === 1 ? 'clip' : 'clips'}`

export function valueTable({ metrics, intervals }: ScoreResult): string {
  const given = intervals as Record<string, unknown> | undefined
  const rows = Object.entries(metrics).flatMap(([name, value]) =>
    fieldsOf(name, value, given?.[name]),
  )
  const heads = [
    'metric',
    'value',
    ...(intervals ? ['95 % interval', 'bias with so many clips'] : []),
  ]
  return htmlTable(heads, rows)
}

type Fields = Partial<Record<string, Interval & BiasedInterval>> & Partial<BiasedInterval>

/** One row a number, and one for what fd and fad would be of infinitely many clips. */
function fieldsOf(name: string, value: unknown, interval: unknown): string[][] {
  const fields = interval as Fields | undefined
  const beside = (own: Partial<BiasedInterval> | undefined) =>
    interval ? [intervalText(own), own?.bias === undefined ? '' : shown(own.bias)] : []
  if (typeof value === 'number') {
    const infinite = fields?.infinite
    return [
      [name, shown(value), ...beside(fields)],
      ...(infinite ? [[`${name}, at infinity`, shown(infinite.value), ...beside(infinite)]] : []),
    ]
  }
  return Object.entries(value as Record<string, number>).map(([field, each], i) => [
    `${name}, ${field}`,
    shown(each),
    ...beside(fields?.[field] ?? (i === 0 ? fields : undefined)),
  ])
}

export function intervalText(interval: Partial<Interval> | undefined): string {
  const { low, high } = interval ?? {}
  if (low === undefined || high === undefined) return ''
  return Number.isNaN(low) ? 'too few clips' : `${shown(low)} … ${shown(high)}`
}

export function shown(value: number): string {
  if (Number.isNaN(value)) return '–'
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value)
}

/** '' where nothing was. */
export function skippedTable({ generated, reference }: ScoreResult): string {
  const skipped = [...generated.skipped, ...(reference?.skipped ?? [])]
  if (skipped.length === 0) return ''
  const rows = skipped.slice(0, mostSkipped).map(({ path, reason }) => [path, reason])
  const more = skipped.length - rows.length
  const rest = more > 0 ? `<p>and ${clipCount(more)} more</p>` : ''
  return htmlTable(['clip', 'why'], rows, [0, 1]) + rest
}

/** All that decides the numbers besides the sounds, as JSON. */
export function protocolText({ protocol, generated, reference }: ScoreResult): string {
  const saved = [...(generated.saved ?? []), ...(reference?.saved ?? [])]
  return JSON.stringify({ ...protocol, ...(saved.length > 0 && { saved }) }, null, 2)
}
