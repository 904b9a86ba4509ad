/** One run of study, from its settings to its results. */
import { setMaxListeners } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import { lockFile } from '../files/file-lock.js'
import { makeFolder } from '../files/write-file.js'
import { type CellPlan, Cells } from './cells.js'
import { StudyContext, type StudyControl } from './context.js'
import { embeddedBase } from './miniature.js'
import { writeStudyReport } from './report/write-report.js'
import { STUDIES, type StudyCell, type StudyName, type StudyResults } from './results.js'
import type { StudySettings } from './schema.js'
import { openTestSets, type TestSet } from './test-set.js'

export type Planner = (context: StudyContext, tests: readonly TestSet[]) => Promise<CellPlan[]>

/** Finishes the cells that `plan` asks for; `names` are of the studies that they belong to. */
export async function runStudies(
  names: readonly StudyName[],
  plan: Planner,
  given: StudySettings,
  control: StudyControl,
): Promise<StudyResults> {
  // Every clip that is read ahead listens to it.
  setMaxListeners(0, control.signal)
  const outputDir = resolve(given.outputDir)
  await makeFolder(outputDir)
  const lock = await lockFile(join(outputDir, '.lock'))
  if ('holder' in lock) {
    throw new InvalidOptionError('outputDir', `${lock.holder} works in ${outputDir}`)
  }
  let context: StudyContext | undefined
  try {
    const { model, base = given.miniature && !model ? await embeddedBase(outputDir) : undefined } =
      given
    const settings = { ...given, outputDir, base }
    context = new StudyContext(settings, control)
    const tests = await openTestSets(context)
    const plans = await plan(context, tests)
    const cells = await finishAll(new Cells(outputDir), plans, control)
    const results = await collect(outputDir, names, cells, settings)
    await writeStudyReport(results, outputDir, outputDir, control.signal)
    // As readers of the file find it.
    return JSON.parse(JSON.stringify(results)) as StudyResults
  } finally {
    await context?.close()
    await lock.release()
  }
}

async function finishAll(
  cells: Cells,
  plans: readonly CellPlan[],
  { emit }: StudyControl,
): Promise<StudyCell[]> {
  const finished: StudyCell[] = []
  const total = plans.length
  for (const plan of plans) {
    const { study, labels } = plan
    const tell = (state: 'found' | 'started' | 'finished') =>
      emit({ type: 'cell', study, labels, state, done: finished.length, total })
    const found = await cells.find(plan)
    if (!found) tell('started')
    finished.push(found ?? (await cells.finish(plan)))
    tell(found ? 'found' : 'finished')
  }
  return finished
}

/** The cells of this run, and those of earlier ones that no cell of this run takes the place of. */
async function collect(
  outputDir: string,
  names: readonly StudyName[],
  cells: StudyCell[],
  settings: StudySettings,
): Promise<StudyResults> {
  const before = await readResults(join(outputDir, 'results.json'))
  const place = ({ study, labels }: StudyCell) => canonicalJson({ study, labels })
  const places = new Map([...(before?.cells ?? []), ...cells].map((cell) => [place(cell), cell]))
  const order = (cell: StudyCell) => STUDIES.indexOf(cell.study)
  const { datasets, outputDir: _, ...asked } = settings
  const own = {
    ...asked,
    seed: String(settings.seed),
    datasets: datasets.map(({ load, path, ...dataset }) => dataset),
  }
  return {
    ...{ format: 'audioldm-study', version: 1 },
    cells: [...places.values()].sort((a, b) => order(a) - order(b)),
    settings: { ...before?.settings, ...Object.fromEntries(names.map((name) => [name, own])) },
  }
}

/** Undefined where there are none, or not of this version. */
export async function readResults(path: string): Promise<StudyResults | undefined> {
  try {
    const results = JSON.parse(await readFile(path, 'utf8')) as StudyResults
    return results.format === 'audioldm-study' && results.version === 1 ? results : undefined
  } catch {
    return undefined
  }
}
