/** audioldm score --compare A B [REFERENCE] */
import type { CompareScoresOptions } from '../score/options.js'
import { audioArgument } from './audio-arguments.js'
import { compareTable } from './compare-table.js'
import { withFlagNames } from './feature-flags.js'
import { createOutput, UsageError } from './output.js'
import { follow } from './score-progress.js'

/** The sets as they were given, and the options that do not name one. */
export async function runCompare(
  [a, b, reference]: [string, string | undefined, string | undefined],
  options: Omit<CompareScoresOptions, 'a' | 'b' | 'reference'>,
  json: boolean,
): Promise<void> {
  const output = createOutput(json)
  if (b === undefined) throw new UsageError('--compare takes two sets: A B, or A B REFERENCE')
  const { compareScores } = await import('../score/compare-scores.js')
  try {
    const job = compareScores({
      ...options,
      a: await audioArgument('A', a),
      b: await audioArgument('B', b),
      reference: reference && (await audioArgument('REFERENCE', reference)),
    })
    const { result, warnings, notes } = await follow(job)
    output.result({ ...result, warnings }, compareTable(result, notes))
  } catch (error) {
    throw withFlagNames(error)
  }
}
