/** Comparisons in words. */
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
