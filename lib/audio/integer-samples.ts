/** Samples as files hold them. */
import { InvalidOptionError } from '../errors.js'

/**
 * x ↦ round(2^(bits−1) · x), clipped to the range of such integers: reading it back as
 * value / 2^(bits−1) is within half a step, and nothing wraps.
 */
export function toInteger(value: number, bits: 16 | 24): number {
  const scale = 2 ** (bits - 1)
  return Math.max(-scale, Math.min(scale - 1, Math.round(value * scale)))
}

/**
 * Of one or two channels, all of the same length. A sample that is not a finite number is an error:
 * silence or noise in its place would hide a failed computation.
 */
export function checkSamples(channels: readonly Float32Array[], sampleRate: number): void {
  if (channels.length < 1 || channels.length > 2) {
    throw new InvalidOptionError('samples', `one or two channels, not ${channels.length}`)
  }
  if (channels.some((channel) => channel.length !== channels[0].length)) {
    throw new InvalidOptionError('samples', 'all channels must have the same length')
  }
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > 768000) {
    throw new InvalidOptionError('sampleRate', `an integer from 1 to 768000, not ${sampleRate}`)
  }
  for (const [c, samples] of channels.entries()) {
    const i = samples.findIndex((value) => !Number.isFinite(value))
    if (i === -1) continue
    throw new InvalidOptionError('samples', `sample ${i} of channel ${c} is ${samples[i]}`)
  }
}
