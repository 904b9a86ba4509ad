/** What a data set is tested with: its list, the references, and what is left to train on. */

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { audioCaps } from '../datasets/audiocaps.js'
import { audioSet } from '../datasets/audioset.js'
import type { Dataset } from '../datasets/dataset.js'
import { InvalidOptionError } from '../errors.js'
import { makeFolder } from '../files/write-file.js'
import type { StudyContext } from './context.js'
import {
  drawList,
  type EvaluationList,
  hashOfList,
  type ListSize,
  readList,
  saveList,
} from './evaluation-list.js'
import { layOutReferences, type References } from './references.js'

export interface TestSet {
  /** What tables call it: the kind of the data set; of a plain folder its name. */
  name: string
  list: EvaluationList
  /** Of the list. */
  hash: string
  references: References
  /** What is not on the list. */
  training: Dataset
}

const sizes: Record<Dataset['name'], ListSize> = {
  // A fifth of ESC-50 and a tenth of UrbanSound8K as published; of a part of either, as much of it.
  esc50: (all) => Math.min(400, Math.round(all / 5)),
  urbansound8k: (all) => Math.min(870, Math.round(all / 10)),
  // The published test lists.
  audiocaps: (all) => all,
  audioset: (all) => all,
  folder: (all) => Math.min(400, Math.round(all / 5)),
}

export function sizeOfList(name: Dataset['name']): ListSize {
  return sizes[name]
}

export async function openTestSets(context: StudyContext): Promise<TestSet[]> {
  const { datasets, lists = [] } = context.settings
  const given = await Promise.all(lists.map(async (path, i) => readList(`lists[${i}]`, path)))
  const names = datasets.map(labelOf)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new InvalidOptionError('datasets', `two of them are called '${twice}'`)
  }
  for (const [i, list] of given.entries()) {
    const users = datasets.filter(({ name }) => name === list.dataset)
    if (users.length === 1) continue
    const problem = users.length === 0 ? 'none is given' : 'several are given'
    throw new InvalidOptionError(`lists[${i}]`, `is of ${list.dataset}, of which ${problem}`)
  }
  const sets: TestSet[] = []
  for (const [i, dataset] of datasets.entries()) {
    const list = given.find((each) => each.dataset === dataset.name)
    sets.push(await openTestSet(context, dataset, names[i], list))
  }
  return sets
}

async function openTestSet(
  context: StudyContext,
  dataset: Dataset,
  name: string,
  given: EvaluationList | undefined,
): Promise<TestSet> {
  const { settings, control, signal } = context
  const { outputDir, items, seed } = settings
  const tested = testedPart(dataset)
  const { clips, absent = [], problems } = await tested.load(signal)
  for (const { kind, path, reason } of problems) {
    if (kind === 'row') control.emit({ type: 'skipped', path, reason })
  }
  const path = join(outputDir, 'lists', `${name}.json`)
  const size: ListSize = (all) => Math.min(items ?? all, sizeOfList(dataset.name)(all))
  const list = given ?? drawList(dataset.name, [...clips, ...absent], size, seed)
  const hash = hashOfList(list)
  if (existsSync(path) && hashOfList(await readList('outputDir', path)) !== hash) {
    const hint = `Give it as one of lists (--list ${path}) to go on with it, or choose another folder.`
    throw new InvalidOptionError(
      'outputDir',
      `${path} is another list than that of these options`,
      hint,
    )
  }
  await makeFolder(join(outputDir, 'lists'))
  await saveList(path, list)
  const references = await layOutReferences(
    join(outputDir, 'references', name),
    list.items,
    clips,
    (done) => control.emit({ type: 'step', stage: 'references', done, total: list.items.length }),
    signal,
  )
  for (const skipped of references.skipped) control.emit({ type: 'skipped', ...skipped })
  if (references.items.length === 0) {
    const problem = `${tested.path} has none of the ${list.items.length} items of the list`
    throw new InvalidOptionError('datasets', problem)
  }
  return { name, list, hash, references, training: trainingPart(dataset, list) }
}

function labelOf({ name, path }: Dataset): string {
  return name === 'folder' ? basename(path).replace(/[^\w.-]+/g, '_') : name
}

/** The published test list, where there is one; of AudioCaps the list that was named. */
function testedPart(dataset: Dataset): Dataset {
  const { name, path, template, list } = dataset
  if (name === 'audiocaps' && list === undefined) return audioCaps(path, { split: 'test' })
  if (name === 'audioset') return audioSet(path, { split: 'eval', template })
  return dataset
}

/** What is not on the list; of AudioCaps the split that is published for it. */
export function trainingPart(dataset: Dataset, { items }: EvaluationList): Dataset {
  const source =
    dataset.name === 'audiocaps' && dataset.list !== undefined ? audioCaps(dataset.path) : dataset
  const tested = new Set(items.map(({ id }) => id))
  return {
    ...source,
    load: async (signal) => {
      const { clips, ...rest } = await source.load(signal)
      return { ...rest, clips: clips.filter(({ id }) => !tested.has(id)) }
    },
  }
}
