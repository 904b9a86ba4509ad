/** What fineTune reports while it runs, and what it gives in the end. */
import type { Audio } from '../audio/audio.js'
import type { MetricValues } from '../metrics/metric.js'

/**
 * How far a stage of the preparation is, of all captions or clips: 'text', captions that are
 * embedded; 'files', clips that are looked up by what their files hold; 'audio', clips that are
 * encoded.
 */
export interface PreparationProgress {
  stage: 'text' | 'files' | 'audio'
  done: number
  total: number
}

/** What is trained on, once it is all there. */
export interface PreparedData {
  /** Clips trained on and put aside for validation. */
  clips: number
  validationClips: number
  /** Different texts among their captions; 0 where only sounds condition. */
  captions: number
  skipped: number
  /** Of clips, captions and validation clips, how many the cache held from before. */
  cached: number
  /** Numbers that are trained: of the UNet, or of its adapters. */
  trainedParameters: number
  /** The step that training goes on from; 0 for a new run. */
  startStep: number
}

export interface TrainingStep {
  /** Steps done. */
  step: number
  steps: number
  /** Mean squared error of the predicted noise. NaN or infinite in a step that was skipped. */
  loss: number
  learningRate: number
  /** Before clipping. */
  gradientNorm: number
  /** Trained on per second, lately. */
  clipsPerSecond: number
  etaSeconds: number
  /** Loss or gradient was not finite: nothing was changed. */
  skipped: boolean
}

export interface Evaluation {
  step: number
  /** Of the averaged weights; absent without validation clips. */
  validationLoss?: number
  /** As in score()'s result. */
  metrics?: MetricValues
}

/** `step` events that nobody reads are replaced by newer ones, all others stay. */
export type FineTuneEvent =
  | ({ type: 'preparing' } & PreparationProgress)
  | { type: 'skipped'; path: string; reason: string }
  | ({ type: 'prepared' } & PreparedData)
  | ({ type: 'step' } & TrainingStep)
  | { type: 'checkpoint'; step: number; path: string }
  /** The audio is yours to dispose. */
  | { type: 'sample'; step: number; prompt: string; path: string; audio: Audio }
  | ({ type: 'evaluation' } & Evaluation)
  | { type: 'warning'; message: string }

export interface FineTuneResult {
  /** The folder of the last checkpoint: a model for loadModel() and for diffusers. */
  checkpoint: string
  /** That of the least validation loss; null without validation. */
  best: string | null
  steps: number
  final: {
    /** Mean over the last steps, 100 at most. */
    loss: number
    validationLoss?: number
    metrics?: MetricValues
  }
}
