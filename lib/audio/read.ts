/** Sound files of any kind into samples. */
import { identify } from './audio-content.js'
import { requireFinite } from './audio-limits.js'
import { decodeCompressed } from './compressed.js'
import { readWav } from './wav-reader.js'

export interface DecodedAudio {
  /** One array per channel, full scale ±1. */
  channels: Float32Array[]
  sampleRate: number
}

/**
 * Decodes the bytes of a sound file in this thread; what it is, its content decides.
 * @throws AudioError with the reason.
 */
export async function decodeAudio(file: Uint8Array): Promise<DecodedAudio> {
  const { kind, bytes } = identify(file)
  const audio = kind === 'wav' ? readWav(bytes) : await decodeCompressed(bytes, kind)
  requireFinite(audio.channels)
  return audio
}
