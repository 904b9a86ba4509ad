/** What must stay the same for training to go on as if it had never stopped. */
import { InvalidOptionError } from '../../errors.js'
import { canonicalJson } from '../../files/canonical-json.js'
import type { PartHashes } from '../data/settings-hash.js'
import type { TrainingPlan } from '../plan.js'
import type { FineTuneSettings } from '../schema.js'
import type { SavedState } from './checkpoint-folder.js'

/** By the names of options. `dataset` and `validation`: hashes of their clips. */
export interface Recorded extends Record<string, unknown> {
  /** `dtype`: what its frozen parts compute in. */
  model: PartHashes & { dtype: string }
  dataset?: string
  validation?: string
}

/** All but the data sets, which are known only when they are prepared. */
export function recordSettings(
  settings: FineTuneSettings,
  plan: TrainingPlan,
  model: Recorded['model'],
): Recorded {
  const { lora } = plan
  return {
    model,
    condition: conditionOf(plan.textProbability),
    init: settings.init,
    batchSize: settings.batchSize,
    accumulate: settings.accumulate,
    learningRate: settings.learningRate,
    warmupSteps: plan.warmupSteps,
    schedule: settings.schedule,
    // A constant rate lets a run be made longer.
    ...(settings.schedule === 'cosine' && { steps: plan.steps }),
    weightDecay: settings.weightDecay,
    maxGradientNorm: settings.maxGradientNorm,
    emaDecay: settings.emaDecay,
    conditionDropout: settings.conditionDropout,
    dtype: plan.precision,
    seed: String(plan.seed),
    segmentSeconds: plan.format.samples / plan.format.sampleRate,
    cache: settings.cache,
    // Losses of other clips or timesteps cannot be compared.
    'evaluation.clips': settings.evaluation.clips,
    'evaluation.draws': settings.evaluation.draws,
    lora: lora && { rank: lora.rank, alpha: lora.alpha, targets: settings.lora?.targets },
  }
}

function conditionOf(textProbability: number): unknown {
  if (textProbability === 1) return 'text'
  return textProbability === 0 ? 'audio' : { mixed: textProbability }
}

/** @throws InvalidOptionError naming the first option that is not what it was */
export function requireSame(was: Record<string, unknown>, now: Recorded, path: string): void {
  for (const [option, value] of Object.entries(now)) {
    if (canonicalJson(was[option]) === canonicalJson(value)) continue
    const change = describeChange(option, was[option], value)
    throw new InvalidOptionError(
      option,
      `${path} was trained with another one${change}`,
      'Go on with what the run was begun with, or begin another in its own outputDir (--out).',
    )
  }
}

/** @throws InvalidOptionError where there is nothing left to train */
export function requireAhead({ step, path }: SavedState, { steps }: TrainingPlan): void {
  if (step <= steps) return
  throw new InvalidOptionError('steps', `is ${steps}, and ${path} is past it`, 'Give more steps.')
}

function describeChange(option: string, was: unknown, now: unknown): string {
  if (option === 'model' || option === 'dataset' || option === 'validation') return ''
  return `: ${JSON.stringify(was) ?? 'none'}, not ${JSON.stringify(now)}`
}
