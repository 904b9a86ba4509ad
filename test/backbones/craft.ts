/** Backbone weights by hand, in the layouts of the published files and as narrow as can be. */

import type { DType } from '../../lib/native/tensor-table.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'

export type Crafted = Map<string, { dtype: DType; shape: number[]; data: ArrayBufferView }>

function tensor(shape: number[], value = 0.01): Crafted extends Map<string, infer T> ? T : never {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)
  return { dtype: 'float32', shape, data }
}

/** `window` 512 is a 16 kHz file, 1024 one for 32 kHz. */
export function craftCnn14(window = 512): Crafted {
  const bins = window / 2 + 1
  const shapes: [string, number[]][] = [
    ['spectrogram_extractor.stft.conv_real.weight', [bins, 1, window]],
    ['spectrogram_extractor.stft.conv_imag.weight', [bins, 1, window]],
    ['logmel_extractor.melW', [bins, 64]],
    ...norm('bn0', 64),
    ['fc1.weight', [5, 4]],
    ['fc1.bias', [5]],
    ['fc_audioset.weight', [3, 5]],
    ['fc_audioset.bias', [3]],
  ]
  for (const [i, inputs] of [1, 2, 2, 3, 3, 3].entries()) {
    shapes.push(...block(`conv_block${i + 1}`, inputs, [2, 2, 3, 3, 3, 4][i], [3, 3]))
  }
  return new Map(shapes.map(([name, shape]) => [name, tensor(shape)]))
}

/** One image of 32 bands beside the spectrogram. */
export function craftWavegram(): Crafted {
  const shapes: [string, number[]][] = [
    ['pre_conv0.weight', [2, 1, 11]],
    ...norm('pre_bn0', 2),
    ...block('pre_block1', 2, 3, [3]),
    ...block('pre_block2', 3, 4, [3]),
    ...block('pre_block3', 4, 32, [3]),
    ...block('pre_block4', 1, 2, [3, 3]),
    ...block('conv_block2', 4, 2, [3, 3]),
  ]
  return new Map([
    ...craftCnn14(1024),
    ...shapes.map(([name, shape]) => [name, tensor(shape)] as const),
  ])
}

function block(
  name: string,
  inputs: number,
  width: number,
  kernel: number[],
): [string, number[]][] {
  return [
    [`${name}.conv1.weight`, [width, inputs, ...kernel]],
    [`${name}.conv2.weight`, [width, width, ...kernel]],
    ...norm(`${name}.bn1`, width),
    ...norm(`${name}.bn2`, width),
  ]
}

function norm(name: string, width: number): [string, number[]][] {
  return ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].map((part) => [
    `${name}.${part}`,
    part === 'num_batches_tracked' ? [] : [width],
  ])
}

export function craftVggish(width = 128): Crafted {
  const crafted: Crafted = new Map()
  for (const [index, inputs, outputs] of [
    [0, 1, 1],
    [3, 1, 2],
    [6, 2, 2],
    [8, 2, 2],
    [11, 2, 2],
    [13, 2, 2],
  ]) {
    crafted.set(`features.${index}.weight`, tensor([outputs, inputs, 3, 3]))
    crafted.set(`features.${index}.bias`, tensor([outputs]))
  }
  for (const [index, inputs, outputs] of [
    [0, 48, 5],
    [2, 5, 6],
    [4, 6, width],
  ]) {
    crafted.set(`embeddings.${index}.weight`, tensor([outputs, inputs]))
    crafted.set(`embeddings.${index}.bias`, tensor([outputs]))
  }
  return crafted
}

export function craftPasst(width = 24, depth = 2): Crafted {
  const shapes: [string, number[]][] = [
    ['cls_token', [1, 1, width]],
    ['dist_token', [1, 1, width]],
    ['new_pos_embed', [1, 2, width]],
    ['freq_new_pos_embed', [1, width, 12, 1]],
    ['time_new_pos_embed', [1, width, 1, 99]],
    ['patch_embed.proj.weight', [width, 1, 16, 16]],
    ['patch_embed.proj.bias', [width]],
    ...affine('norm', [width]),
    ...affine('head.0', [width]),
    ...affine('head.1', [3, width]),
    ['head_dist.bias', [3]],
  ]
  for (let i = 0; i < depth; i++) {
    shapes.push(
      ...affine(`blocks.${i}.norm1`, [width]),
      ...affine(`blocks.${i}.attn.qkv`, [3 * width, width]),
      ...affine(`blocks.${i}.attn.proj`, [width, width]),
      ...affine(`blocks.${i}.norm2`, [width]),
      ...affine(`blocks.${i}.mlp.fc1`, [7, width]),
      ...affine(`blocks.${i}.mlp.fc2`, [width, 7]),
    )
  }
  return new Map(shapes.map(([name, shape]) => [name, tensor(shape)]))
}

function affine(name: string, shape: number[]): [string, number[]][] {
  return [
    [`${name}.weight`, shape],
    [`${name}.bias`, shape.slice(0, 1)],
  ]
}

export function craftPca(): Crafted {
  return new Map([
    ['pca_eigen_vectors', tensor([128, 128])],
    ['pca_means', tensor([128, 1])],
  ])
}

export const withTensor = (crafted: Crafted, name: string, shape: number[], value?: number) =>
  new Map([...crafted, [name, tensor(shape, value)]])

export function without(crafted: Crafted, ...names: string[]): Crafted {
  return new Map([...crafted].filter(([name]) => !names.includes(name)))
}

export async function write(path: string, crafted: Crafted): Promise<string> {
  await writeSafetensors(path, crafted)
  return path
}
