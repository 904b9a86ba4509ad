/**
 * The two ADPCM encodings of WAV files, four bits a sample in blocks that can be decoded alone. All
 * samples of every block are given, also those that fill up the last one, as libsndfile and sox do;
 * of a block that is cut off, those that are there. Blocks are little-endian in RIFX files too.
 */
import { AudioError } from '../errors.js'
import { requireSamples } from './audio-limits.js'
import type { WavChunks } from './wav-chunks.js'

const scale = 2 ** -15

/** IMA (DVI) ADPCM: per channel a first sample and a step index, then groups of eight samples. */
export function decodeImaAdpcm(wav: WavChunks): Float32Array[] {
  const { data } = wav
  const { channels, blockAlign } = wav.encoding
  const header = 4 * channels
  const group = 4 * channels
  const samplesOf = (bytes: number) =>
    bytes < header ? 0 : 1 + 8 * Math.floor((bytes - header) / group)
  return decodeBlocks(wav, samplesOf, (block, bytes, offset, output) => {
    const count = Math.min(samplesOf(bytes), samplesPerBlock(wav, samplesOf(blockAlign)))
    for (let channel = 0; channel < channels; channel++) {
      const samples = output[channel]
      let value = data.getInt16(block + 4 * channel, true)
      let index = Math.min(data.getUint8(block + 4 * channel + 2), imaSteps.length - 1)
      samples[offset] = value * scale
      for (let i = 0; i < count - 1; i++) {
        const at = block + header + (i >> 3) * group + 4 * channel + ((i & 7) >> 1)
        const code = (data.getUint8(at) >> (4 * (i & 1))) & 15
        const step = imaSteps[index]
        let change = step >> 3
        if (code & 1) change += step >> 2
        if (code & 2) change += step >> 1
        if (code & 4) change += step
        value = clamp16(code & 8 ? value - change : value + change)
        index = Math.min(imaSteps.length - 1, Math.max(0, index + imaIndexChange[code & 7]))
        samples[offset + 1 + i] = value * scale
      }
    }
  })
}

/** Microsoft ADPCM: per channel a predictor, a step size and two samples, then nibbles in turn. */
export function decodeMsAdpcm(wav: WavChunks): Float32Array[] {
  const { data } = wav
  const { channels, blockAlign } = wav.encoding
  const coefficients = msCoefficients(wav)
  const header = 7 * channels
  const samplesOf = (bytes: number) =>
    bytes < header ? 0 : 2 + Math.floor((2 * (bytes - header)) / channels)
  return decodeBlocks(wav, samplesOf, (block, bytes, offset, output) => {
    const count = Math.min(samplesOf(bytes), samplesPerBlock(wav, samplesOf(blockAlign)))
    for (let channel = 0; channel < channels; channel++) {
      const samples = output[channel]
      const predictor = coefficients[data.getUint8(block + channel)]
      if (!predictor)
        throw new AudioError('is an ADPCM file with a predictor that it does not list')
      const wordAt = (field: number) =>
        data.getInt16(block + channels * (1 + 2 * field) + 2 * channel, true)
      let step = wordAt(0)
      let last = wordAt(1)
      let beforeLast = wordAt(2)
      samples[offset] = beforeLast * scale
      if (count > 1) samples[offset + 1] = last * scale
      for (let i = 2; i < count; i++) {
        const nibble = (i - 2) * channels + channel
        const code = (data.getUint8(block + header + (nibble >> 1)) >> (nibble & 1 ? 0 : 4)) & 15
        const predicted = (last * predictor[0] + beforeLast * predictor[1]) >> 8
        const value = clamp16(predicted + (code & 8 ? code - 16 : code) * step)
        beforeLast = last
        last = value
        step = Math.max(16, (msStepChange[code] * step) >> 8)
        samples[offset + i] = value * scale
      }
    }
  })
}

/** Runs `decode` for each block, cut off at the end or whole, into one array per channel. */
function decodeBlocks(
  wav: WavChunks,
  samplesOf: (bytes: number) => number,
  decode: (block: number, bytes: number, offset: number, output: Float32Array[]) => void,
): Float32Array[] {
  const { channels, blockAlign } = wav.encoding
  const length = wav.data.byteLength
  const full = samplesPerBlock(wav, samplesOf(blockAlign))
  const blocks = Math.floor(length / blockAlign)
  const rest = Math.min(full, samplesOf(length % blockAlign))
  const frames = blocks * full + rest
  requireSamples(frames, channels)
  const output = Array.from({ length: channels }, () => new Float32Array(frames))
  for (let b = 0; b < blocks; b++) decode(b * blockAlign, blockAlign, b * full, output)
  if (rest > 0) decode(blocks * blockAlign, length % blockAlign, blocks * full, output)
  return output
}

/** As the header has it, or `most`, all that fit into a block, where that is not possible. */
function samplesPerBlock(wav: WavChunks, most: number): number {
  const { parameters, bits } = wav.encoding
  if (bits !== 4 || most < 1) {
    throw new AudioError(
      `is an ADPCM file with ${bits} bits a sample in blocks of ${wav.encoding.blockAlign} bytes`,
    )
  }
  const stated = parameters.byteLength >= 4 ? parameters.getUint16(2, wav.littleEndian) : 0
  return stated >= 1 && stated <= most ? stated : most
}

/** The pairs that the header lists, or the seven of the specification. */
function msCoefficients(wav: WavChunks): [number, number][] {
  const { parameters } = wav.encoding
  const listed = parameters.byteLength >= 6 ? parameters.getUint16(4, wav.littleEndian) : 0
  if (listed === 0 || parameters.byteLength < 6 + 4 * listed) return msStandardCoefficients
  return Array.from({ length: listed }, (_, i): [number, number] => [
    parameters.getInt16(6 + 4 * i, wav.littleEndian),
    parameters.getInt16(8 + 4 * i, wav.littleEndian),
  ])
}

function clamp16(value: number): number {
  return Math.min(32767, Math.max(-32768, value))
}

const imaIndexChange = [-1, -1, -1, -1, 2, 4, 6, 8]
const msStepChange = [
  230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230,
]
const msStandardCoefficients: [number, number][] = [
  [256, 0],
  [512, -256],
  [0, 0],
  [192, 64],
  [240, 0],
  [460, -208],
  [392, -232],
]

/** Each step is about 1.1 times the one before. */
const imaSteps = Int32Array.from([
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73,
  80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494,
  544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499,
  2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487,
  12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
])
