/** A table, whatever it is written as; and which of its numbers are the best. */
import type { StudyNumber } from '../numbers.js'
import { type Column, differenceBetween } from '../numbers.js'

export interface Entry {
  /** Of what a row is; of numbers as written without an interval. */
  text?: string
  number?: StudyNumber
  /**
   * `best`: better than all others of its group, by more than the interval of the difference. `level`:
   * the best is not shown to be better than this one.
   */
  mark?: 'best' | 'level'
}

export interface Table {
  /** Name of its files. */
  id: string
  title: string
  /** What has to be known to read it. */
  notes: string[]
  head: string[]
  /** How many of the columns say what a row is. */
  keys: number
  /** Rows that are compared with each other, such as those of a data set. */
  groups: Entry[][][]
}

/** Marks in place the numbers of each column that are compared, by their place in the row. */
export function markBest(
  rows: Entry[][],
  columns: readonly { at: number; column: Column }[],
): void {
  for (const { at, column } of columns) {
    const entries = rows.map((row) => row[at]).filter(({ number }) => number !== undefined)
    if (entries.length < 2) continue
    const sign = column.better === 'lower' ? 1 : -1
    const costOf = ({ number }: Entry) => sign * (number as StudyNumber).value
    const best = entries.reduce((a, b) => (costOf(b) < costOf(a) ? b : a))
    const others = entries.filter((entry) => entry !== best)
    const differences = others.map((other) =>
      differenceBetween(best.number as StudyNumber, other.number as StudyNumber, others.length),
    )
    // Without intervals nothing is said of differences.
    if (differences.some((difference) => difference === undefined)) continue
    const level = others.filter((_, i) => !differences[i]?.shown)
    if (level.length === 0) best.mark = 'best'
    else for (const entry of [best, ...level]) entry.mark = 'level'
  }
}
