import { z } from 'zod'
import type { Json } from '../files/json.js'
import { boolean, checkConfig, int, list, number, refuse } from './config.js'
import { type PartPlan, TensorShapes } from './plan.js'

export interface VocoderPlan extends PartPlan {
  archive: 'vocoder'
  /** Mel bins per frame. */
  numMel: number
  samplingRate: number
  /** Samples per mel frame; T frames give hop · T + tail samples. */
  hop: number
  tail: number
  /** Mel frames on either side that a frame's samples depend on. */
  context: number
}

const rate = int(1, 64)
const kernel = int(1, 255)

/** The fields of SpeechT5HifiGanConfig that change what it computes, transformers' defaults. */
const schema = z.object({
  model_in_dim: int(1, 8192).default(80),
  sampling_rate: int(1000, 384000).default(16000),
  upsample_initial_channel: int(1, 8192).default(512),
  upsample_rates: list(rate, 1, 8).default([4, 4, 4, 4]),
  upsample_kernel_sizes: list(kernel, 1, 8).default([8, 8, 8, 8]),
  resblock_kernel_sizes: list(kernel, 1, 4).default([3, 7, 11]),
  resblock_dilation_sizes: list(list(int(1, 256), 1, 4), 1, 4).default([
    [1, 3, 5],
    [1, 3, 5],
    [1, 3, 5],
  ]),
  leaky_relu_slope: number(0, 1).default(0.1),
  normalize_before: boolean().default(true),
})

type Config = z.output<typeof schema>

/** What vocoder/config.json asks for. Throws an InvalidModelError for what no archive covers. */
export function planVocoder(config: Json, file: string): VocoderPlan {
  const c = checkConfig(file, schema, config)
  check(c, file)
  return {
    archive: 'vocoder',
    attributes: {
      upsample_rates: c.upsample_rates,
      upsample_kernel_sizes: c.upsample_kernel_sizes,
      resblock_kernel_sizes: c.resblock_kernel_sizes,
      resblock_dilations: c.resblock_dilation_sizes.flat(),
      num_dilations: c.resblock_dilation_sizes[0].length,
      leaky_relu_slope: c.leaky_relu_slope,
      normalize_before: c.normalize_before,
    },
    tensors: shapes(c),
    optional: new Set(c.normalize_before ? [] : ['mean', 'scale']),
    numMel: c.model_in_dim,
    samplingRate: c.sampling_rate,
    ...geometry(c),
  }
}

function check(c: Config, file: string): void {
  const stages = c.upsample_rates.length
  if (c.upsample_kernel_sizes.length !== stages) {
    refuse(
      file,
      'upsample_kernel_sizes',
      c.upsample_kernel_sizes,
      `expected ${stages} entries, as many as upsample_rates has`,
    )
  }
  for (const [i, size] of c.upsample_kernel_sizes.entries()) {
    if (size < c.upsample_rates[i]) {
      refuse(
        file,
        'upsample_kernel_sizes',
        c.upsample_kernel_sizes,
        `entry ${i} is smaller than its upsample rate ${c.upsample_rates[i]}`,
      )
    }
  }
  if (c.upsample_rates.reduce((product, r) => product * r, 1) > 65536) {
    refuse(file, 'upsample_rates', c.upsample_rates, 'their product may be 65536 at most')
  }
  if (c.upsample_initial_channel < 2 ** stages) {
    refuse(
      file,
      'upsample_initial_channel',
      c.upsample_initial_channel,
      `expected at least ${2 ** stages}: it is halved ${stages} times`,
    )
  }
  if (c.resblock_kernel_sizes.some((size) => size % 2 === 0)) {
    refuse(file, 'resblock_kernel_sizes', c.resblock_kernel_sizes, 'expected odd sizes')
  }
  const dilations = c.resblock_dilation_sizes
  if (dilations.length !== c.resblock_kernel_sizes.length) {
    refuse(
      file,
      'resblock_dilation_sizes',
      dilations,
      `expected ${c.resblock_kernel_sizes.length} lists, one per entry of resblock_kernel_sizes`,
    )
  }
  if (dilations.some((sizes) => sizes.length !== dilations[0].length)) {
    refuse(file, 'resblock_dilation_sizes', dilations, 'expected lists of equal length')
  }
}

function shapes(c: Config): Map<string, number[]> {
  const t = new TensorShapes()
  t.conv1d('conv_pre', c.model_in_dim, c.upsample_initial_channel, 7)
  let channels = c.upsample_initial_channel
  for (const [i, size] of c.upsample_kernel_sizes.entries()) {
    const halved = Math.floor(c.upsample_initial_channel / 2 ** (i + 1))
    t.convTranspose1d(`upsampler.${i}`, channels, halved, size)
    channels = halved
    for (const [j, blockKernel] of c.resblock_kernel_sizes.entries()) {
      const block = `resblocks.${i * c.resblock_kernel_sizes.length + j}`
      for (const k of c.resblock_dilation_sizes[j].keys()) {
        t.conv1d(`${block}.convs1.${k}`, channels, channels, blockKernel)
        t.conv1d(`${block}.convs2.${k}`, channels, channels, blockKernel)
      }
    }
  }
  t.conv1d('conv_post', channels, 1, 7)
  if (c.normalize_before) {
    t.set('mean', [c.model_in_dim])
    t.set('scale', [c.model_in_dim])
  }
  return t.map
}

/**
 * Output length and receptive field. A frame's samples are followed backwards through the layers
 * as an interval of positions; since every stage shifts by whole positions when the input shifts by
 * a frame, the interval of frame 0 holds for all frames.
 */
function geometry(c: Config): { hop: number; tail: number; context: number } {
  let hop = 1
  let tail = 0
  for (const [i, r] of c.upsample_rates.entries()) {
    hop *= r
    // ConvTranspose1d with padding ⌊(k − r) / 2⌋ gives one sample more where k − r is odd.
    tail = tail * r + ((c.upsample_kernel_sizes[i] - r) % 2)
  }
  const blockReach = Math.max(
    ...c.resblock_kernel_sizes.map((size, j) =>
      c.resblock_dilation_sizes[j].reduce((sum, d) => sum + ((size - 1) / 2) * (d + 1), 0),
    ),
  )
  let first = -3 // conv_post
  let last = hop - 1 + 3
  for (let i = c.upsample_rates.length - 1; i >= 0; i--) {
    first -= blockReach
    last += blockReach
    const r = c.upsample_rates[i]
    const k = c.upsample_kernel_sizes[i]
    const padding = Math.floor((k - r) / 2)
    first = Math.ceil((first + padding - k + 1) / r)
    last = Math.floor((last + padding) / r)
  }
  first -= 3 // conv_pre
  last += 3
  return { hop, tail, context: Math.max(-first, last) }
}
