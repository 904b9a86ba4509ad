/** The trainings of a study, and their checkpoints as cells. */
import { createHash } from 'node:crypto'
import { AbortError, InvalidModelError, InvalidOptionError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import type { CellPlan } from './cells.js'
import type { StudyContext, StudyModel } from './context.js'
import { evaluate } from './evaluate.js'
import { identityOf, listOf } from './identity.js'
import type { StudyCell } from './results.js'
import type { TestSet } from './test-set.js'
import { StudyTraining } from './training.js'

/** Those of all data sets but AudioSet: from scratch and pre-trained, on every condition. */
export async function trainingsOf(
  context: StudyContext,
  tests: readonly TestSet[],
): Promise<StudyTraining[]> {
  const { settings } = context
  const { training: options, conditions, repeats } = settings
  if (options === undefined) {
    const message = 'is needed: it says how many steps, such as { steps: 10000 }'
    throw new InvalidOptionError('training', message)
  }
  const trained = tests.filter(({ list }) => list.dataset !== 'audioset')
  if (trained.length === 0) {
    throw new InvalidOptionError(
      'datasets',
      'has AudioSet alone, which the study does not train on',
    )
  }
  const base = await context.read(settings.base ?? settings.model)
  if (conditions.includes('audio')) requireTower(base)
  const cases = trained.flatMap((test) =>
    [false, true].flatMap((pretrained) =>
      conditions.flatMap((trainCondition) =>
        Array.from({ length: repeats }, (_, repeat) => ({
          ...{ test, pretrained, trainCondition, repeat },
        })),
      ),
    ),
  )
  const data = new Map<TestSet, string>()
  for (const test of trained) data.set(test, await hashOfData(context, test))
  return cases.map((each) => {
    const hash = data.get(each.test) as string
    return new StudyTraining(context, base, options, hash, each)
  })
}

/** Over the clips that are trained on: what is said of them, and the contents of their files. */
async function hashOfData(context: StudyContext, { training }: TestSet): Promise<string> {
  const { clips } = await training.load(context.signal)
  const hash = createHash('sha256')
  for (const { path, ...clip } of clips) {
    const content = await context.hashFile(path).catch(() => 'unreadable')
    hash.update(`${canonicalJson({ ...clip, content })}\n`)
    if (context.signal.aborted) throw new AbortError(context.signal.reason)
  }
  return hash.digest('hex')
}

/** @throws InvalidModelError for a model that cannot hear */
export function requireTower({ folder }: StudyModel): void {
  if (folder.parts.audio_encoder) return
  throw new InvalidModelError(
    `${folder.path} has no audio_encoder/, so sound cannot condition it`,
    "Set conditions: ['text'] (--conditions text), or import a checkpoint that has the tower.",
  )
}

export function labelsOf({ of }: StudyTraining): StudyCell['labels'] {
  const { test, pretrained, trainCondition, repeat } = of
  return { dataset: test.name, pretrained, trainCondition, repeat }
}

/** `step`: of the checkpoint, or 'best' where training has yet to tell. */
export async function checkpointIdentity(
  context: StudyContext,
  training: StudyTraining,
  step: number | 'best',
): Promise<StudyCell['identity']> {
  const { of, identity, base } = training
  const about = { training: identity, step, condition: 'text' }
  return identityOf(context, of.test, base.folder, about)
}

/** What the checkpoint of a step makes of text. */
export async function planCheckpoint(
  context: StudyContext,
  training: StudyTraining,
  step: number,
): Promise<CellPlan> {
  const { test } = training.of
  return {
    study: 'curves',
    labels: { ...labelsOf(training), step },
    identity: await checkpointIdentity(context, training, step),
    list: listOf(test),
    make: async (own) => {
      await training.finish([step])
      const load = () => context.load(training.checkpoint(step))
      const clap = training.base.folder
      return evaluate(context, own, { test, condition: 'text', load, clap })
    },
  }
}
