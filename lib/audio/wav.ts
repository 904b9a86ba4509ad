/** RIFF/WAVE bytes of samples in [-1, 1]: 16 or 24-bit PCM, or 32-bit IEEE float. */
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'
import { checkSamples, toInteger } from './integer-samples.js'

export type WavFormat = 'pcm16' | 'pcm24' | 'float32'

const bitsOf: Record<WavFormat, 16 | 24 | 32> = { pcm16: 16, pcm24: 24, float32: 32 }

const pcm = 1
const ieeeFloat = 3
const largestSize = 0xffffffff

/**
 * Encodes one array (mono) or one array per channel, all of the same length.
 *
 * PCM is rounded to the nearest step and clipped at full scale. 'float32' keeps the values, also
 * those beyond ±1.
 */
export function encodeWav(
  samples: Float32Array | readonly Float32Array[],
  sampleRate: number,
  format: WavFormat = 'pcm16',
): Uint8Array {
  const channels = samples instanceof Float32Array ? [samples] : samples
  const frames = channels[0]?.length ?? 0
  if (!Object.hasOwn(bitsOf, format)) {
    const expected = "expected 'pcm16', 'pcm24' or 'float32'"
    throw new InvalidOptionError('format', `${expected}, got ${show(format)}`)
  }
  const bits = bitsOf[format]
  checkSamples(channels, sampleRate)

  const float = bits === 32
  const sampleBytes = bits / 8
  const blockAlign = channels.length * sampleBytes
  const dataBytes = frames * blockAlign
  const padding = dataBytes % 2
  // Everything but plain PCM has the size of its (empty) fmt extension and a fact chunk.
  const headerBytes = float ? 58 : 44
  if (headerBytes + dataBytes + padding - 8 > largestSize) {
    throw new InvalidOptionError('samples', 'a WAV file cannot hold more than 4 GiB')
  }

  const bytes = new Uint8Array(headerBytes + dataBytes + padding)
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
  u16(bits)
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
      const offset = headerBytes + i * blockAlign + c * sampleBytes
      if (bits === 32) {
        view.setFloat32(offset, channel[i], true)
        continue
      }
      const value = toInteger(channel[i], bits)
      view.setInt16(offset, value, true) // Of 24 bits, the lower 16.
      if (bits === 24) view.setInt8(offset + 2, value >> 16)
    }
  })
  return bytes
}
