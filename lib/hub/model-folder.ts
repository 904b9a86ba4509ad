/** What is known of a model folder once it was read. */
import type { AudioEncoderPlan } from '../architectures/audio-encoder.js'
import type { PartPlan } from '../architectures/plan.js'
import type { SchedulerPlan } from '../architectures/scheduler.js'
import type { TextEncoderPlan } from '../architectures/text-encoder.js'
import type { UNetPlan } from '../architectures/unet.js'
import type { VaePlan } from '../architectures/vae.js'
import type { VocoderPlan } from '../architectures/vocoder.js'
import type { PartName } from '../native/binding.js'
import type { TensorTable } from '../native/tensor-table.js'
import type { TokenizerLimits } from '../tokenizer/tokenizer.js'
import type { KnownSounds } from './known-sounds.js'

/** A model folder, read and checked: plain data from which the native core is told what to load. */
export interface ModelFolder {
  path: string
  geometry: ModelGeometry
  /** How the model's own scheduler places timesteps. */
  schedule: Pick<SchedulerPlan, 'timestepSpacing' | 'stepsOffset' | 'setAlphaToOne'>
  /** ᾱ of every training timestep. */
  alphasCumprod: Float64Array
  /** Seconds of a clip where none are asked for. */
  usualSeconds: number
  /** What it was trained to make, where the folder says so: else it is taken to know everything. */
  knownSounds?: KnownSounds
  tokenizerDir: string
  tokenizerLimits: TokenizerLimits
  parts: Record<PartName, FolderPartWeights> & { audio_encoder?: FolderPartWeights }
  info: FolderInfo
}

export interface ModelGeometry {
  latentChannels: number
  /** Frequency bins of a latent: mel bins / vaeFactor. */
  latentBins: number
  /** Mel frames per latent frame. */
  vaeFactor: number
  scalingFactor: number
  numMel: number
  /** Samples per mel frame, samples beyond hop · frames, frames a window needs on either side. */
  hop: number
  tail: number
  context: number
}

/** An archive's attributes and weights. A full archive of a user's own would be one more kind. */
export interface FolderPartWeights {
  plan: PartPlan
  tensors: TensorTable
}

export interface Plans {
  unet: UNetPlan
  vae: VaePlan
  vocoder: VocoderPlan
  text: TextEncoderPlan
  audioEncoder?: AudioEncoderPlan
  scheduler: SchedulerPlan
}

export interface PartFiles {
  tensors: TensorTable
  files: string[]
}

/** What there is to know about a model folder; all of it can be written as JSON. */
export interface FolderInfo {
  path: string
  class: 'AudioLDMPipeline'
  /** The weights were never trained; the sound means nothing. */
  randomWeights: boolean
  /** Samples per second of the sound, Hz. */
  sampleRate: number
  /** What diffusers generates where no duration is given. */
  defaultDurationSeconds: number
  parameters: number
  bytes: number
  /** Whether the CLAP audio tower is there, which hub folders lack. */
  audioEncoder: boolean
  latents: { channels: number; bins: number; framesPerSecond: number; scalingFactor: number }
  mel: { bins: number; framesPerSecond: number }
  text: { tokens: number; vocabulary: number; embedding: number }
  /** Trained timesteps and the class of the model's own scheduler. */
  schedule: { class: string; timesteps: number; spacing: string | null }
  unet: { widths: number[]; heads: number[]; layersPerBlock: number[] }
  parts: Record<WeightParts, FolderPartInfo> & { audio_encoder?: FolderPartInfo }
}

export interface FolderPartInfo {
  class: string
  parameters: number
  /** Types of its tensors, the commonest first. */
  dtypes: string[]
  /** Relative to the folder. */
  files: { path: string; bytes: number }[]
}

export type WeightParts = 'unet' | 'vae' | 'vocoder' | 'text_encoder'
