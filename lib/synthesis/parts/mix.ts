/** Sounds laid over each other. */
import { samplesOf } from './rate.js'

/** Adds `sound`, times `gain`, from `seconds` on; what lies behind the end is cut. */
export function addAt(
  out: Float32Array,
  sound: Float32Array,
  seconds: number,
  gain = 1,
): Float32Array {
  const start = Math.round(seconds * samplesOf(1))
  const end = Math.min(out.length, start + sound.length)
  for (let i = Math.max(0, start); i < end; i++) out[i] += gain * sound[i - start]
  return out
}

/** Multiplies in place with a curve that is asked every 64 samples and drawn straight in between. */
export function shape(samples: Float32Array, levelAt: (seconds: number) => number): Float32Array {
  const rate = samplesOf(1)
  let level = levelAt(0)
  for (let at = 0; at < samples.length; at += 64) {
    const next = levelAt((at + 64) / rate)
    const slope = (next - level) / 64
    const end = Math.min(at + 64, samples.length)
    for (let i = at; i < end; i++) samples[i] *= level + slope * (i - at)
    level = next
  }
  return samples
}

export function peakOf(samples: Float32Array): number {
  let peak = 0
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]))
  return peak
}

/** The root of the mean square. */
export function rootMeanSquare(samples: Float32Array): number {
  let sum = 0
  for (let i = 0; i < samples.length; i++) sum += samples[i] * samples[i]
  return Math.sqrt(sum / samples.length)
}

export function scale(samples: Float32Array, gain: number): Float32Array {
  for (let i = 0; i < samples.length; i++) samples[i] *= gain
  return samples
}

/** Brings the largest sample to `peak`; silence stays. */
export function toPeak(samples: Float32Array, peak = 1): Float32Array {
  const largest = peakOf(samples)
  return largest > 0 ? scale(samples, peak / largest) : samples
}
