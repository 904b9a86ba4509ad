/** One cell's work: a clip for every item of the list, scored against the references. */
import { existsSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { makeFolder } from '../files/write-file.js'
import { type ClipOptions, generate } from '../generate/generate.js'
import type { ModelFolder } from '../hub/model-folder.js'
import type { Model } from '../model/model.js'
import type { ScoreOptions } from '../score/options.js'
import type { ScoreResult } from '../score/result.js'
import { score } from '../score/score.js'
import type { MadeCell } from './cells.js'
import type { StudyContext } from './context.js'
import type { TestItem } from './references.js'
import type { StudyCell } from './results.js'
import type { TestSet } from './test-set.js'

export interface Evaluation {
  test: TestSet
  condition: 'text' | 'audio'
  /** Loaded only where a clip is missing. */
  load(): Promise<Model>
  /** A folder with the towers of CLAP that clips are compared by where no network is given. */
  clap: ModelFolder
}

/** How many clips of a cell are kept for people to listen to. */
export const samplesKept = 3
/** Clips that one job makes. */
const clipsAtOnce = 16

export async function evaluate(
  context: StudyContext,
  folder: string,
  { test, condition, load, clap }: Evaluation,
): Promise<MadeCell> {
  const clips = join(folder, 'clips')
  await makeFolder(clips)
  const { items, skipped } = test.references
  const path = ({ name }: TestItem) => join(clips, `${name}.wav`)
  const missing = items.filter((item) => !existsSync(path(item)))
  for (let i = 0; i < missing.length; i += clipsAtOnce) {
    const group = missing.slice(i, i + clipsAtOnce)
    const done = items.length - missing.length + i
    await generateGroup(context, await load(), group, condition, path, {
      done,
      total: items.length,
    })
  }
  const result = await scoreClips(context, clap, { generated: clips, test })
  const samples = items
    .slice(0, samplesKept)
    .map((item) => sampleOf(context.settings.outputDir, item, path(item)))
  return { score: result, skipped, samples }
}

export function sampleOf(
  outputDir: string,
  { id, prompt }: TestItem,
  path: string,
): StudyCell['samples'][number] {
  return { path: relative(outputDir, path).split(sep).join('/'), id, prompt }
}

/** Clips are written as they come, so that a run that is stopped keeps them. */
async function generateGroup(
  { settings, control, signal }: StudyContext,
  model: Model,
  items: TestItem[],
  condition: 'text' | 'audio',
  path: (item: TestItem) => string,
  { done, total }: { done: number; total: number },
): Promise<void> {
  const { seed, generation } = settings
  const { batchSize, ...how } = generation
  const prompt = items.map(({ prompt, reference, index }): ClipOptions => {
    const own = { seed: BigInt.asUintN(64, seed + BigInt(index)) }
    return condition === 'text' ? { prompt, ...own } : { audioPrompt: reference, ...own }
  })
  const job = generate(model, { ...how, prompt, batchSize, signal })
  let made = 0
  for await (const event of job) {
    if (event.type === 'warning') control.emit({ type: 'warning', message: event.message })
    if (event.type !== 'clip') continue
    await event.audio.save(path(items[event.index]))
    event.audio.dispose()
    control.emit({ type: 'step', stage: 'generating', done: done + ++made, total })
  }
  await job
}

/** As `audioldm score` does it with the two folders. */
export async function scoreClips(
  context: StudyContext,
  clap: ModelFolder,
  {
    generated,
    reference,
    test,
  }: {
    generated: ScoreOptions['generated']
    reference?: ScoreOptions['reference']
    test: TestSet
  },
): Promise<ScoreResult> {
  const { control, signal } = context
  const options = context.scoring(clap)
  const prompts = Object.fromEntries(
    test.references.items.map(({ name, prompt }) => [name, prompt]),
  )
  const job = score({
    ...options,
    ...{ generated, reference: reference ?? test.references.folder, signal },
    ...(options.clap !== undefined && { prompts }),
  })
  for await (const event of job) {
    if (event.type === 'warning') control.emit({ type: 'warning', message: event.message })
    if (event.type === 'skipped') {
      control.emit({ type: 'skipped', path: event.path, reason: event.reason })
    }
    if (event.type !== 'step' || event.stage === 'prompts') continue
    control.emit({ type: 'step', stage: 'scoring', done: event.done, total: event.total })
  }
  return await job
}
