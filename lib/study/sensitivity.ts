/** Figure 1: what each metric notices. References against corrupted copies at rising strength. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../files/write-file.js'
import type { Model } from '../model/model.js'
import { type CellPlan, keyOf } from './cells.js'
import type { StudyContext } from './context.js'
import { otherClasses } from './corrupt/companions.js'
import { type Corruption, strengthsOf } from './corrupt/corruption.js'
import { Corruptor } from './corrupt/corruptor.js'
import { corruptions } from './corrupt/registry.js'
import { sampleOf, samplesKept, scoreClips } from './evaluate.js'
import { identityOf, listOf } from './identity.js'
import type { TestItem } from './references.js'
import type { TestSet } from './test-set.js'

/** A cell for every data set, corruption and strength. */
export async function planSensitivity(
  context: StudyContext,
  tests: readonly TestSet[],
): Promise<CellPlan[]> {
  const { settings, control } = context
  const { folder, hash } = await context.read(settings.model)
  const seconds = settings.generation.durationSeconds ?? folder.usualSeconds
  const plans: CellPlan[] = []
  for (const test of tests) {
    // Nothing is generated.
    const { generation, ...shared } = await identityOf(context, test, folder, { model: hash })
    const others = otherClasses(test.references.items)
    for (const corruption of corruptions) {
      const { name, domain, formula } = corruption
      if (domain === 'waveform' && others === 0) {
        const reason = 'it has clips that no clip of another class can be mixed with'
        control.emit({ type: 'warning', message: `${test.name} is left out of ${name}: ${reason}` })
        continue
      }
      // Noise and masks have one uncorrupted copy, which went through the same vocoder.
      const source = domain === 'mel' ? { domain } : { domain, name, formula, others }
      const copyIdentity = { ...shared, seconds, copy: source }
      const copies = join(
        settings.outputDir,
        'copies',
        keyOf({ identity: copyIdentity }).slice(0, 16),
      )
      for (const strength of strengthsOf(corruption, others)) {
        plans.push({
          study: 'sensitivity',
          labels: { dataset: test.name, corruption: name, strength },
          identity: { ...shared, seconds, corruption: { name, formula, others, strength } },
          list: listOf(test),
          make: async (own) => {
            const load = () => context.load(folder.path)
            const work = { context, test, corruption, seconds, load }
            await corruptAll({ ...work, strength: 0, into: copies })
            const clips = join(own, 'clips')
            await corruptAll({ ...work, strength, into: clips })
            const score = await scoreClips(context, folder, {
              ...{ generated: clips, reference: copies, test },
            })
            const { items, skipped } = test.references
            const samples = items
              .slice(0, samplesKept)
              .map((item) => sampleOf(settings.outputDir, item, fileOf(clips, item)))
            return { score, skipped, samples }
          },
        })
      }
    }
  }
  return plans
}

function fileOf(folder: string, { name }: TestItem): string {
  return join(folder, `${name}.wav`)
}

interface Work {
  context: StudyContext
  test: TestSet
  corruption: Corruption
  strength: number
  seconds: number
  /** Only where a clip is missing. */
  load(): Promise<Model>
  into: string
}

/** A file appears whole or not at all, so those that are there are not made again. */
async function corruptAll(work: Work): Promise<void> {
  const { context, test, corruption, strength, seconds, load, into } = work
  const { control, signal, settings } = context
  const { items } = test.references
  await makeFolder(into)
  const missing = items.filter((item) => !existsSync(fileOf(into, item)))
  if (missing.length === 0) return
  const corruptor = new Corruptor(await load(), items, { seconds, seed: settings.seed, signal })
  for (const [i, item] of missing.entries()) {
    signal.throwIfAborted()
    const audio = await corruptor.corrupt(item, corruption, strength)
    // As floats: a mix may be above full scale.
    await audio.save(fileOf(into, item), { format: 'float32' })
    audio.dispose()
    const done = items.length - missing.length + i + 1
    control.emit({ type: 'step', stage: 'corrupting', done, total: items.length })
  }
}
