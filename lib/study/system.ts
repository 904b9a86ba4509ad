/** The clips of any other system as one more row of Table I, paired with the list by their names. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import { fileProblem } from '../files/file-problem.js'
import { type Skipped, walkFolder } from '../files/walk.js'
import { makeFolder, writeFileAtomic } from '../files/write-file.js'
import { pairName } from '../score/inputs/pairing.js'
import type { CellPlan } from './cells.js'
import type { StudyContext } from './context.js'
import { sampleOf, samplesKept, scoreClips } from './evaluate.js'
import { listOf } from './identity.js'
import type { TestItem } from './references.js'
import type { StudyCell } from './results.js'
import type { TestSet } from './test-set.js'

interface Pair {
  item: TestItem
  path: string
}

/**
 * The row has the clips that the list names and their references: those that are missing, and files
 * that are on no list, are reported and do not count.
 */
export async function planSystem(
  context: StudyContext,
  tests: readonly TestSet[],
  system: string,
  folder: string,
): Promise<CellPlan[]> {
  if (tests.length !== 1) {
    throw new InvalidOptionError('datasets', 'must be one: the data set that the clips belong to')
  }
  const [test] = tests
  const { folder: clap } = await context.read(context.settings.model)
  const { pairs, skipped } = await pairWithList(folder, test, context.signal)
  for (const each of skipped) context.control.emit({ type: 'skipped', ...each })
  const generated = pairs.map(({ path }) => path)
  const reference = pairs.map(({ item }) => item.reference)
  return [
    {
      study: 'baseline',
      labels: { dataset: test.name, system },
      identity: {
        clips: await hashOf(pairs),
        list: test.hash,
        references: test.references.hash,
        scoring: await context.scoringIdentity(context.scoring(clap)),
        environment: context.environment,
      },
      list: listOf(test),
      make: async (own) => ({
        score: await scoreClips(context, clap, { generated, reference, test }),
        skipped: [...test.references.skipped, ...skipped],
        samples: await keepSamples(context, own, pairs.slice(0, samplesKept)),
      }),
    },
  ]
}

async function pairWithList(
  folder: string,
  test: TestSet,
  signal: AbortSignal,
): Promise<{ pairs: Pair[]; skipped: Skipped[] }> {
  const isFolder = await stat(folder)
    .then((info) => info.isDirectory())
    .catch(() => false)
  if (!isFolder) throw new InvalidOptionError('folder', `there is no folder ${folder}`)
  const found = await walkFolder(folder, 'folder', signal)
  const skipped = [...found.skipped]
  const files = new Map<string, string>()
  for (const file of found.names) {
    const [name, path] = [pairName(file), join(folder, file)]
    if (files.has(name)) skipped.push({ path, reason: `is a second clip named ${name}` })
    else files.set(name, path)
  }
  const pairs: Pair[] = []
  for (const item of test.references.items) {
    const path = files.get(item.name)
    if (path !== undefined) pairs.push({ item, path })
    else skipped.push({ path: join(folder, item.name), reason: 'has no clip for this item' })
  }
  const named = new Set(test.list.items.map(({ name }) => name))
  for (const [name, path] of files) {
    if (!named.has(name)) skipped.push({ path, reason: 'is not on the list' })
  }
  if (pairs.length === 0) {
    throw new InvalidOptionError(
      'folder',
      `${folder} has no clip that is named as an item of the list, such as ${test.list.items[0].name}.wav`,
      `The names are in ${join('lists', `${test.name}.json`)}.`,
    )
  }
  return { pairs, skipped }
}

async function hashOf(pairs: readonly Pair[]): Promise<string> {
  const contents: [name: string, hash: string][] = []
  for (const { item, path } of pairs) {
    const bytes = await readFile(path).catch((error) => {
      throw new InvalidOptionError('folder', `${path}: ${fileProblem(error)}`)
    })
    contents.push([item.name, createHash('sha256').update(bytes).digest('hex')])
  }
  return createHash('sha256').update(canonicalJson(contents)).digest('hex')
}

/** Copies: the folder of a system may go, and the study keeps its samples. */
async function keepSamples(context: StudyContext, own: string, pairs: readonly Pair[]) {
  const { outputDir } = context.settings
  const folder = join(own, 'clips')
  await makeFolder(folder)
  const samples: StudyCell['samples'] = []
  for (const { item, path } of pairs) {
    const copy = join(folder, basename(path))
    await writeFileAtomic(copy, await readFile(path))
    samples.push(sampleOf(outputDir, item, copy))
  }
  return samples
}
