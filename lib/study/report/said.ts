/** Comparisons in words. */
import type { CheckedClaim } from '../claims.js'
import type { Comparison } from '../comparison.js'
import { intervalTexts, valueText } from '../numbers.js'

/** The inequality with its numbers. */
export function said({ left, sign, right }: Comparison): string {
  return `${left.name} ${valueText(left.number)} ${sign} ${right.name} ${valueText(right.number)}`
}

/** Left − right, and how sure that is. */
export function differenceSaid({ difference }: Comparison): string {
  if (difference === undefined) return 'no interval'
  const { difference: value, low, high } = difference
  const number = { value, low, high }
  return `${valueText(number)} [${(intervalTexts(number) as string[]).join(', ')}]`
}

/** What a claim would need besides, to follow its verdict. */
export function lackSaid({ comparisons, missing }: CheckedClaim): string {
  if (comparisons.length === 0) return ': the study has no numbers for it'
  return missing > 0 ? `: the study has no numbers for ${missing} of the inequalities` : ''
}
