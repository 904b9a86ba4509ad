/** From options to what is decided before anything is read. */
import { InvalidModelError, InvalidOptionError } from '../errors.js'
import type { ModelFolder } from '../hub/model-folder.js'
import type { SegmentFormat } from './data/clip-audio.js'
import type { ConditionOdds } from './data/training-data.js'
import { isScored } from './evaluation.js'
import { type LoraPlan, loraModules } from './lora.js'
import type { FineTuneSettings } from './schema.js'

export interface TrainingPlan {
  steps: number
  seed: bigint
  textProbability: number
  odds: ConditionOdds
  precision: 'float32' | 'bfloat16'
  warmupSteps: number
  latentFrames: number
  /** As long as a whole number of latent frames. */
  format: SegmentFormat
  momentsShape: number[]
  lora: LoraPlan | null
  stops: Stops
}

/** Every how many steps something is done; null: never. */
export interface Stops {
  checkpoint: number
  evaluation: number | null
  sample: number | null
}

/** @throws InvalidOptionError, InvalidModelError for what the model cannot be trained on */
export function planTraining(
  settings: FineTuneSettings,
  folder: ModelFolder,
  precision: TrainingPlan['precision'],
): TrainingPlan {
  const { steps, condition, init, lora } = settings
  const textProbability = condition === 'text' ? 1 : condition === 'audio' ? 0 : condition.mixed
  const odds = { text: textProbability > 0, audio: textProbability < 1 }
  if (odds.audio && !folder.parts.audio_encoder) {
    throw new InvalidModelError(
      `${folder.path}: training on sounds needs CLAP's audio tower, and the folder has no audio_encoder/`,
      "Folders of the hub lack it, original checkpoints hold it: audioldm import writes it. Or train on captions: condition 'text'.",
    )
  }
  if (lora && init === 'scratch') {
    throw new InvalidOptionError('lora', "trains beside pretrained weights, and init is 'scratch'")
  }
  const { hop, vaeFactor, latentChannels, latentBins } = folder.geometry
  const { sampleRate } = folder.info
  const frameSamples = hop * vaeFactor
  const latentFrames = Math.max(
    1,
    Math.round((settings.segmentSeconds * sampleRate) / frameSamples),
  )
  return {
    steps,
    seed: BigInt(settings.seed),
    textProbability,
    odds,
    precision,
    warmupSteps: settings.warmupSteps ?? Math.min(2000, Math.floor(steps / 10)),
    latentFrames,
    format: { sampleRate, samples: latentFrames * frameSamples, heard: odds.audio },
    momentsShape: [2 * latentChannels, latentFrames, latentBins],
    lora: lora
      ? {
          rank: lora.rank,
          alpha: lora.alpha ?? lora.rank,
          modules: loraModules(folder.parts.unet.tensors.keys(), lora.targets),
        }
      : null,
    stops: planStops(settings),
  }
}

function planStops(settings: FineTuneSettings): Stops {
  const { steps, validation, evaluateEvery, sample } = settings
  const checkpoint = settings.checkpointEvery ?? Math.ceil(steps / 10)
  if (validation === 0) {
    if (evaluateEvery !== undefined || isScored(settings)) {
      throw new InvalidOptionError('validation', 'is 0, and evaluation needs clips put aside')
    }
  }
  return {
    checkpoint,
    evaluation: validation === 0 ? null : (evaluateEvery ?? checkpoint),
    sample: sample ? (sample.every ?? checkpoint) : null,
  }
}

/** The next step after which something is done. */
export function nextStop({ steps, stops }: TrainingPlan, step: number): number {
  const next = [stops.checkpoint, stops.evaluation, stops.sample].map((every) =>
    every === null ? steps : (Math.floor(step / every) + 1) * every,
  )
  return Math.min(steps, ...next)
}

/** Whether what is done every so many steps is due after `step`; after the last always. */
export function isDue({ steps }: TrainingPlan, every: number | null, step: number): boolean {
  return every !== null && (step === steps || step % every === 0)
}
