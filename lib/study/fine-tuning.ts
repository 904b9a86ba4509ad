/** Table II: does a pre-trained start help on small data, and which training condition? */
import { type CellPlan, Cells } from './cells.js'
import type { StudyContext } from './context.js'
import { isCurved, planCurve } from './curves.js'
import { listOf } from './identity.js'
import type { TestSet } from './test-set.js'
import { checkpointIdentity, labelsOf, planCheckpoint, trainingsOf } from './trainings.js'

/**
 * A cell for every training: what its checkpoint of the least validation loss makes of text. Choosing
 * it by a metric would be choosing by the test list. Of the data set with the curves, all evaluated
 * steps are cells too; then the other checkpoints are removed.
 */
export async function planFineTuning(
  context: StudyContext,
  tests: readonly TestSet[],
): Promise<CellPlan[]> {
  const cells = new Cells(context.settings.outputDir)
  const plans: CellPlan[] = []
  for (const training of await trainingsOf(context, tests)) {
    const { test } = training.of
    plans.push({
      study: 'fine-tuning',
      labels: labelsOf(training),
      identity: await checkpointIdentity(context, training, 'best'),
      list: listOf(test),
      make: async () => {
        const curve = isCurved(test, tests) ? await planCurve(context, training) : []
        const missing: CellPlan[] = []
        for (const plan of curve) if (!(await cells.find(plan))) missing.push(plan)
        const { bestStep } = await training.finish(missing.map(({ labels }) => Number(labels.step)))
        for (const plan of missing) await cells.finish(plan)
        const best = await cells.finish(await planCheckpoint(context, training, bestStep))
        await training.prune()
        const { score, skipped, samples } = best
        return {
          score,
          skipped,
          samples,
          training: { steps: training.steps.at(-1) ?? 0, bestStep },
        }
      },
    })
  }
  return plans
}
