import { archivesDir } from '../files/paths.js'
import type { ModelFolder } from '../hub/model-folder.js'
import type { NativeTrainerSpec, NativeWeight } from '../native/binding.js'
import { archiveIn, nativePart } from '../native/part.js'
import type { TensorTable } from '../native/tensor-table.js'
import type { TrainingPlan } from './plan.js'
import type { FineTuneSettings } from './schema.js'

/** `state`: tensors of a checkpoint, by the names the trainer gives them; null at the start. */
export function toTrainerSpec(
  folder: ModelFolder,
  settings: FineTuneSettings,
  plan: TrainingPlan,
  run: { device: string; threads: number },
  state: TensorTable | null,
): NativeTrainerSpec {
  const files = new Map<string, number>()
  const { plan: unetPlan, tensors } = folder.parts.unet
  const archive = archiveIn(archivesDir(), unetPlan.archive)
  const unet = nativePart(archive, unetPlan.attributes, tensors, files)
  const weights = state && nativePart(archive, {}, state, files).weights
  return {
    ...run,
    files: [...files.keys()],
    unet,
    init: settings.init,
    precision: plan.precision,
    scalingFactor: folder.geometry.scalingFactor,
    alphasCumprod: folder.alphasCumprod,
    seed: plan.seed,
    batchSize: settings.batchSize,
    accumulate: settings.accumulate,
    textProbability: plan.textProbability,
    conditionDropout: settings.conditionDropout,
    learningRate: settings.learningRate,
    warmupSteps: plan.warmupSteps,
    schedule: settings.schedule,
    totalSteps: plan.steps,
    betas: [0.9, 0.999],
    epsilon: 1e-8,
    weightDecay: settings.weightDecay,
    maxGradientNorm: settings.maxGradientNorm,
    emaDecay: settings.emaDecay,
    lora: plan.lora,
    state: weights as NativeWeight[] | null,
  }
}
