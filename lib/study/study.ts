import { InvalidOptionError } from '../errors.js'
import { type Shown, withHtml } from '../files/shown.js'
import { Job } from '../job.js'
import { parseOptions, show } from '../options.js'
import { planBaseline } from './baseline.js'
import type { CellPlan } from './cells.js'
import { planCurves } from './curves.js'
import type { StudyEvent } from './events.js'
import { planFineTuning } from './fine-tuning.js'
import { miniature } from './miniature.js'
import type { StudyOptions } from './options.js'
import { studyHtml } from './report/study-html.js'
import { STUDIES, type StudyName, type StudyResults } from './results.js'
import { type Planner, runStudies } from './run.js'
import { studySchema } from './schema.js'
import { planSensitivity } from './sensitivity.js'
import { planSystem } from './system.js'

export type { StudyEvent } from './events.js'
export type { StudyGeneration, StudyOptions, StudyScoring, StudyTraining } from './options.js'
export type { StudyCell, StudyName, StudyResults } from './results.js'

const planners: Partial<Record<StudyName, Planner>> = {
  baseline: planBaseline,
  'fine-tuning': planFineTuning,
  curves: planCurves,
  sensitivity: planSensitivity,
}

/**
 * Runs one of the studies of the paper, or all of them, and gives their cells, which `results.json`
 * in the output folder holds too. A cell that is finished is never made again: a study that was
 * stopped goes on with what is missing, and gives the numbers that it would have given.
 * @throws InvalidOptionError at once or from the job, which also rejects with InvalidModelError,
 * InvalidWeightsError, HubError, AudioError, OutputError, TrainingError, NativeLoadError,
 * DeviceUnavailableError, EngineError, AbortError
 */
export function study(
  name: StudyName | 'all',
  options: StudyOptions,
): Job<StudyEvent, Shown<StudyResults>> {
  const names = STUDIES.filter((each) => each in planners && [each, 'all'].includes(name))
  if (names.length === 0) {
    const known = [...Object.keys(planners), 'all'].join(', ')
    throw new InvalidOptionError('name', `expected one of ${known}, got ${show(name)}`)
  }
  const { signal, ...settings } = parse(options)
  const plan: Planner = async (context, tests) => {
    const plans: CellPlan[] = []
    for (const each of names) plans.push(...(await (planners[each] as Planner)(context, tests)))
    return plans
  }
  return new Job(
    async (control) => withHtml(await runStudies(names, plan, settings, control), studyHtml),
    signal,
  )
}

/**
 * Scores the clips of another system as one more row of the baseline study. `folder` holds a sound for
 * every item of the evaluation list, named as `lists/` in the output folder names it; what is missing,
 * too much or cannot be read is reported. The numbers are those that score() gives for the folder and
 * the references.
 * @throws as study()
 */
export function studySystem(
  name: string,
  folder: string,
  options: StudyOptions,
): Job<StudyEvent, Shown<StudyResults>> {
  for (const [option, value] of Object.entries({ name, folder })) {
    if (typeof value === 'string' && value !== '') continue
    throw new InvalidOptionError(option, `expected a text, got ${show(value)}`)
  }
  const { signal, ...settings } = parse(options)
  const plan: Planner = (context, tests) => planSystem(context, tests, name, folder)
  return new Job(
    async (control) => withHtml(await runStudies([], plan, settings, control), studyHtml),
    signal,
  )
}

function parse(options: StudyOptions) {
  return parseOptions(studySchema, options?.miniature === true ? miniature(options) : options)
}
