/** What generate() tells on its way, and what it gives. */
import type { Audio } from '../audio/audio.js'
import type { ModelInfo } from '../model/model.js'
import type { Tensor } from '../tensor.js'
import type { ClipSettings } from './plan.js'

/**
 * `clips` holds the indices of the clips that are denoised together, one for each candidate. Clips
 * with several candidates, a mask, a loudness or two channels come whole, in their `clip` event, without
 * `audio` events. The steps of a clip with two channels are those of both takes.
 */
export type GenerateEvent =
  | { type: 'warning'; index: number; message: string }
  | { type: 'step'; step: number; steps: number; clips: number[]; latents?: Tensor }
  | { type: 'audio'; index: number; startSample: number; samples: Tensor; sampleRate: number }
  | { type: 'clip'; index: number; audio: Audio; settings: ClipSettings }

export interface GenerateResult {
  /** In clip order. The caller owns them; `dispose()` frees their memory at once. */
  audio: Audio[]
  /** What each clip was made with. */
  clips: ClipSettings[]
  model: Readonly<ModelInfo>
  timings: GenerateTimings
}

export interface GenerateTimings {
  textMs: number
  /** Every diffusion step of every batch. */
  stepMs: number[]
  vaeMs: number
  vocoderMs: number
  totalMs: number
  /** From the start to the first `audio` event. */
  firstAudioMs: number
}
