/** The cells of a study for people: a row each. */
import type { StudyCell } from '../study/results.js'
import { align, short } from './score-table.js'

export function studyTable(cells: readonly StudyCell[]): string {
  if (cells.length === 0) return ''
  const labels = [...new Set(cells.flatMap((cell) => Object.keys(cell.labels)))]
  const numbers = cells.map(({ score }) => numbersOf(score.metrics))
  const metrics = [...new Set(numbers.flatMap((each) => [...each.keys()]))]
  const rows = cells.map((cell, i) => [
    cell.study,
    ...labels.map((label) => String(cell.labels[label] ?? '')),
    ...metrics.map((metric) => numbers[i].get(metric) ?? ''),
    String(cell.score.generated.count),
  ])
  return align([['study', ...labels, ...metrics, 'clips'], ...rows])
}

/** One a metric: of several numbers the mean or, of kl, that of the softmax. */
function numbersOf(metrics: object): Map<string, string> {
  const entries = Object.entries(metrics).map(([name, value]): [string, string] => {
    const number = typeof value === 'object' ? firstOf(value ?? {}) : value
    return [name, typeof number === 'number' ? short(number) : '']
  })
  return new Map(entries)
}

function firstOf({ mean, value, softmax }: Record<string, unknown>): unknown {
  return mean ?? value ?? softmax
}
