/** All that decides the numbers of a cell. */
import type { ModelFolder } from '../hub/model-folder.js'
import type { StudyContext } from './context.js'
import type { StudyCell } from './results.js'
import type { TestSet } from './test-set.js'

/** `about`: which model, and what it is given. */
export async function identityOf(
  context: StudyContext,
  test: TestSet,
  folder: ModelFolder,
  about: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { settings, environment } = context
  // Clips are the same to rounding in batches of any size.
  const { batchSize, ...generation } = settings.generation
  return {
    ...about,
    list: test.hash,
    references: test.references.hash,
    seed: String(settings.seed),
    generation: {
      ...generation,
      durationSeconds: generation.durationSeconds ?? folder.usualSeconds,
    },
    scoring: await context.scoringIdentity(context.scoring(folder)),
    environment,
  }
}

export function listOf({ name, hash, list }: TestSet): StudyCell['list'] {
  return { name, hash, items: list.items.length }
}
