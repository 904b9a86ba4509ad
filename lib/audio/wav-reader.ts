/** Samples of WAV files, equal to what libsndfile gives as 32-bit floats. */
import { AudioError } from '../errors.js'
import { requireSamples } from './audio-limits.js'
import type { DecodedAudio } from './decoded-audio.js'
import { decodeImaAdpcm, decodeMsAdpcm } from './wav-adpcm.js'
import { readWavChunks, type WavChunks } from './wav-chunks.js'

const pcm = 1
const msAdpcm = 2
const ieeeFloat = 3
const aLaw = 6
const muLaw = 7
const imaAdpcm = 0x11

const otherEncodings = new Map([
  [0x31, 'GSM 6.10'],
  [0x40, 'G.721 ADPCM'],
  [0x50, 'MPEG'],
  [0x55, 'MP3'],
  [0x161, 'WMA'],
])

export function readWav(bytes: Uint8Array): DecodedAudio {
  const wav = readWavChunks(bytes)
  return { channels: decode(wav), sampleRate: wav.encoding.sampleRate }
}

function decode(wav: WavChunks): Float32Array[] {
  const { code, bits } = wav.encoding
  switch (code) {
    case pcm:
      return decodeInteger(wav)
    case ieeeFloat:
      return decodeFloat(wav)
    case muLaw:
      return decodeTable(wav, muLawTable)
    case aLaw:
      return decodeTable(wav, aLawTable)
    case imaAdpcm:
      return decodeImaAdpcm(wav)
    case msAdpcm:
      return decodeMsAdpcm(wav)
    default: {
      const name = otherEncodings.get(code) ?? `format code 0x${code.toString(16)}, ${bits} bits`
      throw new AudioError(`is a WAV file with an encoding that is not read (${name})`)
    }
  }
}

/**
 * In as many bytes as the bits need: a block size that says otherwise is ignored, as libsndfile and
 * sox do. Bits that are missing in the last byte are its lowest. Up to 8 bits are unsigned.
 */
function decodeInteger(wav: WavChunks): Float32Array[] {
  const { bits } = wav.encoding
  if (bits < 1 || bits > 32) throw new AudioError(`is a WAV file with ${bits}-bit integers`)
  const { data, littleEndian } = wav
  switch (Math.ceil(bits / 8)) {
    case 1:
      return planar(wav, 1, (at) => (data.getUint8(at) - 128) / 2 ** 7)
    case 2:
      return planar(wav, 2, (at) => data.getInt16(at, littleEndian) / 2 ** 15)
    case 3:
      return littleEndian
        ? planar(
            wav,
            3,
            (at) => ((data.getInt8(at + 2) << 16) | data.getUint16(at, true)) / 2 ** 23,
          )
        : planar(wav, 3, (at) => ((data.getInt16(at) << 8) | data.getUint8(at + 2)) / 2 ** 23)
    default:
      return planar(wav, 4, (at) => data.getInt32(at, littleEndian) / 2 ** 31)
  }
}

function decodeFloat(wav: WavChunks): Float32Array[] {
  const { data, littleEndian } = wav
  switch (wav.encoding.bits) {
    case 32:
      return planar(wav, 4, (at) => data.getFloat32(at, littleEndian))
    case 64:
      return planar(wav, 8, (at) => data.getFloat64(at, littleEndian))
    default:
      throw new AudioError(`is a WAV file with ${wav.encoding.bits}-bit floating-point numbers`)
  }
}

function decodeTable(wav: WavChunks, table: Float32Array): Float32Array[] {
  const { data } = wav
  return planar(wav, 1, (at) => table[data.getUint8(at)])
}

/** Interleaved samples of `size` bytes into an array per channel; a last frame cut short is left. */
function planar(wav: WavChunks, size: number, valueAt: (at: number) => number): Float32Array[] {
  const { channels } = wav.encoding
  const frameSize = size * channels
  const frames = Math.floor(wav.data.byteLength / frameSize)
  requireSamples(frames, channels)
  return Array.from({ length: channels }, (_, channel) => {
    const samples = new Float32Array(frames)
    for (let i = 0, at = channel * size; i < frames; i++, at += frameSize) samples[i] = valueAt(at)
    return samples
  })
}

/** ITU-T G.711: sign, three bits of exponent and four of mantissa, inverted; 14 bits as 16. */
const muLawTable = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff
  const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132
  return (bits & 0x80 ? -magnitude : magnitude) / 2 ** 15
})

/** ITU-T G.711: every second bit inverted; 13 bits as 16. */
const aLawTable = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55
  const exponent = (bits >> 4) & 7
  const mantissa = ((bits & 0x0f) << 4) + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1)
  return (bits & 0x80 ? magnitude : -magnitude) / 2 ** 15
})
