/** What a file may claim before it is refused. Stated in docs/formats.md. */
import { AudioError } from '../errors.js'

export const maxFileBytes = 2 ** 30
export const maxChannels = 64
export const maxSampleRate = 2 ** 20
/** Of all channels together: 1 GiB of float32, or 101 minutes of one channel at 44.1 kHz. */
export const maxSamples = 2 ** 28

export function requireChannels(channels: number): void {
  if (channels >= 1 && channels <= maxChannels) return
  throw new AudioError(
    channels === 0 ? 'has no channels' : `has ${channels} channels, more than ${maxChannels}`,
  )
}

export function requireSampleRate(rate: number): void {
  if (rate >= 1 && rate <= maxSampleRate) return
  throw new AudioError(`has a sample rate of ${rate} Hz, not from 1 to ${maxSampleRate}`)
}

export function requireSamples(frames: number, channels: number): void {
  if (frames === 0) throw new AudioError('has no samples')
  requireNotTooLong(frames, channels)
}

export function requireNotTooLong(frames: number, channels: number): void {
  if (frames * channels <= maxSamples) return
  throw new AudioError(
    `is too long: ${frames} samples in each of ${channels} channels, of ${maxSamples} at most`,
  )
}

export function requireFinite(channels: Float32Array[]): void {
  channels.forEach((samples, channel) => {
    for (let i = 0; i < samples.length; i++) {
      if (Number.isFinite(samples[i])) continue
      throw new AudioError(`has a sample that is ${samples[i]} (${i} of channel ${channel})`)
    }
  })
}
