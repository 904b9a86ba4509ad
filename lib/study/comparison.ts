/** An inequality of two numbers, held against what a study found. */
import { differenceBetween, type NumberDifference, type StudyNumber } from './numbers.js'

export interface Side {
  /** What it is a number of. */
  name: string
  number: StudyNumber
}

/** left < right, or left > right. */
export interface Inequality {
  /** Where: data set, metric, and what else both sides share. */
  of: string
  left: Side
  sign: '<' | '>'
  right: Side
}

export type Outcome = 'holds' | 'fails' | 'undecided'

export interface Comparison extends Inequality {
  /** left − right; absent where a side has no interval, or where there are too few clips for one. */
  difference?: NumberDifference
  outcome: Outcome
}

/** Decided only where the interval of the difference, widened for so many of them, leaves 0 out. */
export function compareAll(inequalities: readonly Inequality[]): Comparison[] {
  return inequalities.map((inequality) => {
    const { left, right, sign } = inequality
    const difference = differenceBetween(left.number, right.number, inequalities.length)
    if (!difference?.shown) return { ...inequality, difference, outcome: 'undecided' }
    const less = difference.difference < 0
    return { ...inequality, difference, outcome: less === (sign === '<') ? 'holds' : 'fails' }
  })
}

export type Verdict = 'holds' | 'does not hold' | 'not decided'

/**
 * Of a claim about all of them: one that fails refutes it. Of one about most: more than half must
 * hold, and half that fail refute it. `missing`: those that there are no numbers for, which are
 * undecided.
 */
export function verdictOf(
  comparisons: readonly Comparison[],
  about: 'all' | 'most',
  missing = 0,
): Verdict {
  const count = (outcome: Outcome) =>
    comparisons.filter((comparison) => comparison.outcome === outcome).length
  const [total, held, failed] = [comparisons.length + missing, count('holds'), count('fails')]
  if (total === 0) return 'not decided'
  if (about === 'all') {
    return failed > 0 ? 'does not hold' : held === total ? 'holds' : 'not decided'
  }
  return held > total / 2 ? 'holds' : failed >= total / 2 ? 'does not hold' : 'not decided'
}
