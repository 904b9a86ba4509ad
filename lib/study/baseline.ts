/** Table I: how good a model is without training, and whether sound is a better condition than text. */
import type { CellPlan } from './cells.js'
import type { StudyContext } from './context.js'
import { evaluate } from './evaluate.js'
import { identityOf, listOf } from './identity.js'
import type { TestSet } from './test-set.js'
import { requireTower } from './trainings.js'

/** A cell for every data set and condition. */
export async function planBaseline(
  context: StudyContext,
  tests: readonly TestSet[],
): Promise<CellPlan[]> {
  const { model: source, conditions } = context.settings
  const model = await context.read(source)
  if (conditions.includes('audio')) requireTower(model)
  const { folder, hash } = model
  const plans: CellPlan[] = []
  for (const test of tests) {
    for (const condition of conditions) {
      const load = () => context.load(folder.path)
      plans.push({
        study: 'baseline',
        labels: { dataset: test.name, condition },
        identity: await identityOf(context, test, folder, { model: hash, condition }),
        list: listOf(test),
        make: (own) => evaluate(context, own, { test, condition, load, clap: folder }),
      })
    }
  }
  return plans
}
