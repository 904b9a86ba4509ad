/** How long a clip is, in seconds, samples, latent frames and windows. */
import { InvalidOptionError } from '../errors.js'
import type { Model } from '../model/model.js'
import { windowCount, windowsFor } from '../model/windows.js'
import type { NativeWindows } from '../native/binding.js'
import { type Condition, changesOverTime } from './condition.js'

/** What follows from how long a clip is. */
export interface ClipSize {
  durationSeconds: number
  latentFrames: number
  samples: number
  windows: NativeWindows | null
}

/** `loop`: whether whole latent frames are needed, and the clip may become longer for them. */
export function sizeClip(
  model: Model,
  durationSeconds: number,
  { long, loop }: { long?: boolean; loop?: boolean } = {},
): ClipSize {
  const { geometry } = model.folder
  const rate = model.info.sampleRate
  // As diffusers' pipeline rounds: mel frames down, then up to a multiple of the VAE's factor.
  const melFrames = Math.max(1, Math.trunc(durationSeconds / (geometry.hop / rate)))
  const latentFrames = Math.ceil(melFrames / geometry.vaeFactor)
  const windows = windowsFor(geometry, rate, latentFrames, long)
  if (!loop) {
    return { durationSeconds, latentFrames, samples: Math.trunc(durationSeconds * rate), windows }
  }
  const samples = latentFrames * geometry.vaeFactor * geometry.hop
  return { durationSeconds: samples / rate, latentFrames, samples, windows }
}

/** A condition that changes does so from window to window. */
export function checkOverTime(
  { condition }: { condition?: Condition[] },
  { windows, latentFrames }: ClipSize,
): void {
  if (!condition || !changesOverTime(condition) || windowCount(windows, latentFrames) > 1) return
  throw new InvalidOptionError(
    'mix',
    'weights change over time only where a clip is made in windows',
    'Make a clip of more than 10.24 s with long: true.',
  )
}

/** A duration that `sizeClip` takes for so many samples. */
export function secondsOf(samples: number, rate: number): number {
  const seconds = samples / rate
  return Math.trunc(seconds * rate) < samples ? (samples + 1e-6) / rate : seconds
}
