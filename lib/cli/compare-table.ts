/** The result of score --compare for people. */
import type { CompareResult } from '../score/compare-result.js'
import type { Difference } from '../score/differences.js'
import { align, number, presetLine, protocolLine, short } from './score-table.js'

/** `notes`: what should be known of the numbers. */
export function compareTable(result: CompareResult, notes: string[]): string {
  const { differences, protocol } = result
  const rows = Object.entries(differences).flatMap(([name, each]) =>
    'verdict' in each
      ? [row(/^f(a?)d(@|$)/.test(name) ? `${name} at infinity` : name, each)]
      : Object.entries(each).map(([key, part]) => row(`${name} ${key}`, part as Difference)),
  )
  const heads = ['metric', 'A', 'B', 'A − B', 'interval', '']
  const table = align([heads, ...rows])
  return [
    ...presetLine(protocol),
    table,
    sides(result),
    ...notes.map((note) => `note: ${note}`),
    protocolLine(protocol),
  ].join('\n')
}

function row(label: string, { a, b, difference, low, high, verdict }: Difference): string[] {
  const interval = Number.isNaN(low) ? '' : `${short(low)} … ${short(high)}`
  return [label, number(a), number(b), short(difference), interval, verdict]
}

function sides({ a, b, reference, paired }: CompareResult): string {
  const pairs = paired ? ', in pairs' : ', drawn apart'
  const beside = reference ? `, beside ${reference.count} of the reference` : ''
  return `A: ${a.count} clips, B: ${b.count}${pairs}${beside}`
}
