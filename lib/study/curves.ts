/** Figure 2: how fast does each of the four trainings converge? */
import type { CellPlan } from './cells.js'
import type { StudyContext } from './context.js'
import type { TestSet } from './test-set.js'
import type { StudyTraining } from './training.js'
import { planCheckpoint, trainingsOf } from './trainings.js'

/** A cell for every evaluated step. Those that the fine-tuning study has made are found. */
export async function planCurves(
  context: StudyContext,
  tests: readonly TestSet[],
): Promise<CellPlan[]> {
  const plans: CellPlan[] = []
  for (const training of await trainingsOf(
    context,
    tests.filter((test) => isCurved(test, tests)),
  )) {
    plans.push(...(await planCurve(context, training)))
  }
  return plans
}

export async function planCurve(
  context: StudyContext,
  training: StudyTraining,
): Promise<CellPlan[]> {
  return Promise.all(training.steps.map((step) => planCheckpoint(context, training, step)))
}

/** ESC-50 has the curves, as in the paper; without it, the first data set. */
export function isCurved(test: TestSet, tests: readonly TestSet[]): boolean {
  return test === (tests.find(({ list }) => list.dataset === 'esc50') ?? tests[0])
}
