/** RIFF/WAVE bytes of samples in [-1, 1]: 16-bit PCM or 32-bit IEEE float. */
import { InvalidOptionError } from '../errors.js'

export type WavFormat = 'pcm16' | 'float32'

const pcm = 1
const ieeeFloat = 3
const largestSize = 0xffffffff

/**
 * Encodes one array (mono) or one array per channel, all of the same length.
 *
 * 'pcm16' maps x to round(32768 · x), clipped to the 16-bit range: reading it back as value / 32768
 * is within half a step for every x in [-1, 1 − 2⁻¹⁵], and nothing wraps. 'float32' keeps the values,
 * also those beyond ±1. A sample that is not a finite number is an error: silence or noise in its
 * place would hide a failed computation.
 */
export function encodeWav(
  samples: Float32Array | readonly Float32Array[],
  sampleRate: number,
  format: WavFormat = 'pcm16',
): Uint8Array {
  const channels = samples instanceof Float32Array ? [samples] : samples
  const frames = channels[0]?.length ?? 0
  validate(channels, frames, sampleRate, format)

  const float = format === 'float32'
  const blockAlign = channels.length * (float ? 4 : 2)
  const dataBytes = frames * blockAlign
  // Everything but plain PCM has the size of its (empty) fmt extension and a fact chunk.
  const headerBytes = float ? 58 : 44
  if (headerBytes + dataBytes - 8 > largestSize) {
    throw new InvalidOptionError('samples', 'a WAV file cannot hold more than 4 GiB')
  }

  const bytes = new Uint8Array(headerBytes + dataBytes)
  const view = new DataView(bytes.buffer)
  let at = 0
  const tag = (text: string) => {
    for (const letter of text) view.setUint8(at++, letter.charCodeAt(0))
  }
  const u16 = (value: number) => {
    view.setUint16(at, value, true)
    at += 2
  }
  const u32 = (value: number) => {
    view.setUint32(at, value, true)
    at += 4
  }
  tag('RIFF')
  u32(bytes.length - 8)
  tag('WAVEfmt ')
  u32(float ? 18 : 16)
  u16(float ? ieeeFloat : pcm)
  u16(channels.length)
  u32(sampleRate)
  u32(sampleRate * blockAlign)
  u16(blockAlign)
  u16(float ? 32 : 16)
  if (float) {
    u16(0)
    tag('fact')
    u32(4)
    u32(frames)
  }
  tag('data')
  u32(dataBytes)

  channels.forEach((channel, c) => {
    for (let i = 0; i < frames; i++) {
      const value = channel[i]
      if (!Number.isFinite(value)) {
        throw new InvalidOptionError('samples', `sample ${i} of channel ${c} is ${value}`)
      }
      const offset = headerBytes + i * blockAlign + c * (float ? 4 : 2)
      if (float) view.setFloat32(offset, value, true)
      else view.setInt16(offset, Math.max(-32768, Math.min(32767, Math.round(value * 32768))), true)
    }
  })
  return bytes
}

function validate(
  channels: readonly Float32Array[],
  frames: number,
  sampleRate: number,
  format: WavFormat,
): void {
  if (channels.length < 1 || channels.length > 2) {
    throw new InvalidOptionError('samples', `one or two channels, not ${channels.length}`)
  }
  if (channels.some((channel) => channel.length !== frames)) {
    throw new InvalidOptionError('samples', 'all channels must have the same length')
  }
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > 768000) {
    throw new InvalidOptionError('sampleRate', `an integer from 1 to 768000, not ${sampleRate}`)
  }
  if (format !== 'pcm16' && format !== 'float32') {
    throw new InvalidOptionError('format', `'pcm16' or 'float32', not ${JSON.stringify(format)}`)
  }
}
