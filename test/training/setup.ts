/** Trainers of small UNets and made-up data for them. */

import { archivesDir } from '../../lib/files/paths.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import type {
  NativeTensor,
  NativeTrainerSpec,
  NativeTrainingData,
  NativeWeight,
} from '../../lib/native/binding.js'
import { loadNative } from '../../lib/native/load.js'
import { archiveIn, nativePart } from '../../lib/native/part.js'
import type { TensorTable } from '../../lib/native/tensor-table.js'
import { tinyModel } from '../models'

export const native = loadNative({ cuda: false })
export const { core } = native

export const readTiny = (): Promise<ModelFolder> => readModelFolder(tinyModel)

export type SpecChange = Partial<Omit<NativeTrainerSpec, 'state' | 'unet' | 'files'>>

/** `state`: of a checkpoint, as `save` wrote it. */
export function specOf(
  folder: ModelFolder,
  change: SpecChange = {},
  state?: TensorTable,
): NativeTrainerSpec {
  const files = new Map<string, number>()
  const archive = archiveIn(archivesDir(), 'unet')
  const { plan, tensors } = folder.parts.unet
  const unet = nativePart(archive, plan.attributes, tensors, files)
  const weights = state && nativePart(archive, {}, state, files).weights
  return {
    device: 'cpu',
    threads: 1,
    files: [...files.keys()],
    unet,
    init: 'pretrained',
    precision: 'float32',
    scalingFactor: folder.geometry.scalingFactor,
    alphasCumprod: folder.alphasCumprod,
    seed: 7n,
    batchSize: 2,
    accumulate: 1,
    textProbability: 1,
    conditionDropout: 0.1,
    learningRate: 1e-4,
    warmupSteps: 0,
    schedule: 'constant',
    totalSteps: 1000,
    betas: [0.9, 0.999],
    epsilon: 1e-8,
    weightDecay: 0.01,
    maxGradientNorm: 0,
    emaDecay: 0.9999,
    lora: null,
    state: (weights as NativeWeight[] | undefined) ?? null,
    ...change,
  }
}

/** Numbers that look normally distributed, the same for a seed. */
export function normal(seed: number, count: number, scale = 1): Float32Array {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return Float32Array.from(
    { length: count },
    () => scale * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}

const width = 512

/** Rows of unit length. */
export function unitRows(seed: number, rows: number): Float32Array {
  const values = normal(seed, rows * width)
  for (let row = 0; row < rows; row++) {
    const one = values.subarray(row * width, (row + 1) * width)
    const length = Math.hypot(...one)
    for (let i = 0; i < width; i++) one[i] /= length
  }
  return values
}

export interface MadeUp {
  data: NativeTrainingData
  text: Float32Array
  audio: Float32Array
  unconditional: Float32Array
  dispose(): void
}

/** `items` clips; clip i has i % 3 + 1 captions, and everything of its own. */
export function makeData(items: number, { frames = 8, channels = 8, bins = 16 } = {}): MadeUp {
  const held: NativeTensor[] = []
  const tensor = (values: Float32Array, shape: number[]) => {
    held.push(core.NativeTensor.from(values, shape))
    return held[held.length - 1]
  }
  const half = channels * frames * bins
  const moments = new Float32Array(items * 2 * half)
  for (let i = 0; i < items; i++) {
    moments.set(normal(1000 + i, half, 2), 2 * i * half)
    // Log-variances as the published autoencoder has them.
    moments.set(
      normal(2000 + i, half).map((value) => value - 4),
      (2 * i + 1) * half,
    )
  }
  const starts = [0]
  for (let i = 0; i < items; i++) starts.push(starts[i] + (i % 3) + 1)
  const captions = starts[items]
  const text = unitRows(1, captions)
  const audio = unitRows(2, items)
  const unconditional = unitRows(3, 1)
  return {
    data: {
      moments: tensor(moments, [items, 2 * channels, frames, bins]),
      momentsRow: Int32Array.from({ length: items }, (_, i) => i),
      text: tensor(text, [captions, width]),
      textRows: Int32Array.from({ length: captions }, (_, i) => i),
      textStart: Int32Array.from(starts),
      audio: tensor(audio, [items, width]),
      audioRow: Int32Array.from({ length: items }, (_, i) => i),
      unconditional: tensor(unconditional, [width]),
    },
    text,
    audio,
    unconditional,
    dispose() {
      for (const one of held) one.dispose()
    },
  }
}

/** The values of tensors that are no longer needed. */
export function take(tensor: NativeTensor): number[] {
  const values = Array.from(tensor.data(), Number)
  tensor.dispose()
  return values
}
