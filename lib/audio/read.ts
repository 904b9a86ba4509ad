/** Sound files of any kind into samples. */
import { identify } from './audio-content.js'
import { requireFinite } from './audio-limits.js'
import { decodeCompressed } from './compressed.js'
import type { DecodedAudio } from './decoded-audio.js'
import { readWav } from './wav-reader.js'

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
