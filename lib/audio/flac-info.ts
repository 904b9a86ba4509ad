/** What a FLAC file says about itself, and what follows from it for the decoder's samples. */
import { AudioError } from '../errors.js'
import { requireNotTooLong, requireSamples } from './audio-limits.js'
import type { DecodedAudio } from './decoded-audio.js'
import { countFlacSamples } from './flac-frames.js'
import { isOgg } from './ogg-pages.js'

export interface FlacInfo {
  channels: number
  bits: number
  /** Samples per channel; 0 where the encoder did not know. */
  samples: number
}

/** The STREAMINFO block, which is the first one of a FLAC file and in the first packet of Ogg. */
export function readFlacInfo(bytes: Uint8Array): FlacInfo {
  const ogg = isOgg(bytes)
  const info = ogg ? 27 + bytes[26] + 9 + 4 + 4 : 8
  if (info + 34 > bytes.length || (bytes[info - 4] & 127) !== 0) {
    throw new AudioError('is a FLAC file that is cut off or damaged in its header')
  }
  const at = (offset: number) => bytes[info + offset]
  const samples =
    (at(13) & 15) * 2 ** 32 + at(14) * 2 ** 24 + at(15) * 2 ** 16 + at(16) * 2 ** 8 + at(17)
  const channels = ((at(12) >> 1) & 7) + 1
  const bits = (((at(12) & 1) << 4) | (at(13) >> 4)) + 1
  if (samples > 0) requireSamples(samples, channels)
  if (!ogg) requireNotTooLong(countFlacSamples(bytes), channels)
  return { channels, bits, samples }
}

/**
 * The decoder maps the largest positive integer to 1; everyone else divides by 2^(bits−1). Up to 24
 * bits, its floats still tell the integers apart. A file with samples missing is an error: of a
 * lossless format one expects all or nothing.
 */
export function exactFlac(audio: DecodedAudio, info: FlacInfo): DecodedAudio {
  const frames = audio.channels[0].length
  if (info.samples > 0 && frames !== info.samples) {
    throw new AudioError(
      `is cut off or damaged: ${frames} of the ${info.samples} samples that its header states can be decoded`,
    )
  }
  const largest = 2 ** (info.bits - 1) - 1
  for (const samples of audio.channels) {
    for (let i = 0; i < frames; i++) {
      samples[i] = Math.round(samples[i] * largest) / (largest + 1)
    }
  }
  return audio
}
