import { z } from 'zod'
import type { Json } from '../files/json.js'
import { checkConfig, int, list, number, oneOrList, only, refuse } from './config.js'
import { type PartPlan, TensorShapes } from './plan.js'

export interface AudioEncoderPlan extends PartPlan {
  archive: 'audio_encoder'
  projectionWidth: number
}

/** Attention scores of one block that we are willing to hold; the published towers have 2^20. */
const MAX_SCORES = 2 ** 24
/** The front-end gives so many frames for its 10 seconds. */
const FRAMES = 1001

/** The fields of ClapAudioConfig that change what it computes, with transformers' defaults. */
const schema = z.object({
  model_type: only('clap_audio_model').default('clap_audio_model'),
  window_size: int(1, 16).default(8),
  num_mel_bins: int(1, 256).default(64),
  spec_size: int(16, 1024).default(256),
  hidden_act: only('gelu').default('gelu'),
  patch_size: oneOrList(int(1, 64), 'a whole number from 1 to 64').default(4),
  patch_stride: oneOrList(int(1, 64), 'a whole number from 1 to 64').default([4, 4]),
  hidden_size: int(1, 16384).default(768),
  projection_dim: int(1, 8192).default(512),
  depths: list(int(1, 18), 1, 4).default([2, 2, 6, 2]),
  num_attention_heads: list(int(1, 1024), 1, 4).default([4, 8, 16, 32]),
  enable_fusion: only(false).default(false),
  patch_embed_input_channels: only(1).default(1),
  flatten_patch_embeds: only(true).default(true),
  patch_embeds_hidden_size: int(1, 2048).default(96),
  enable_patch_layer_norm: only(true).default(true),
  qkv_bias: only(true).default(true),
  mlp_ratio: number(1, 16).default(4),
  projection_hidden_act: only('relu').default('relu'),
  layer_norm_eps: number(1e-15, 1).default(1e-5),
})

/** The fields of ClapFeatureExtractor that change what it computes, with transformers' defaults. */
const extractorSchema = z.object({
  feature_size: int(1, 256).default(64),
  sampling_rate: only(48000).default(48000),
  hop_length: only(480).default(480),
  max_length_s: only(10).default(10),
  fft_window_size: only(1024).default(1024),
  frequency_min: number(0, 500).default(0),
  frequency_max: number(1000, 24000).default(14000),
  top_db: only(null).default(null),
  truncation: only('rand_trunc'),
  padding: only('repeatpad').default('repeatpad'),
})

type Config = z.output<typeof schema>

/** What CLAP was trained with, and what counts where a folder does not say. */
const trainedRange = { frequency_min: 50, frequency_max: 14000 }

/**
 * What audio_encoder/config.json asks for, and preprocessor_config.json where there is one. Throws
 * an InvalidModelError for what no archive covers.
 */
export function planAudioEncoder(
  config: Json,
  file: string,
  preprocessor?: { config: Json; file: string },
): AudioEncoderPlan {
  const c = checkConfig(file, schema, config)
  const stride = pair(file, 'patch_stride', c.patch_stride)
  const patch = pair(file, 'patch_size', c.patch_size)
  checkPatches(file, c, patch, stride)
  checkLevels(file, c, stride)
  const range = preprocessor ? frequencyRange(preprocessor, c) : trainedRange
  return {
    archive: 'audio_encoder',
    attributes: {
      depths: c.depths,
      heads: c.num_attention_heads,
      window_size: c.window_size,
      patch_stride: stride,
      layer_norm_eps: c.layer_norm_eps,
      spec_size: c.spec_size,
      num_mel_bins: c.num_mel_bins,
      min_frequency: range.frequency_min,
      max_frequency: range.frequency_max,
    },
    tensors: shapes(c, patch),
    optional: buffers(c),
    projectionWidth: c.projection_dim,
  }
}

function pair(file: string, field: string, value: number | number[]): number[] {
  if (!Array.isArray(value)) return [value, value]
  if (value.length !== 2) refuse(file, field, value, 'expected one number or two')
  return value
}

/** The spectrogram must fold into a square image, and the image fall into patches. */
function checkPatches(file: string, c: Config, patch: number[], stride: number[]): void {
  if (c.spec_size % c.num_mel_bins !== 0 || c.spec_size ** 2 < FRAMES * c.num_mel_bins) {
    const expected = `expected a divisor of spec_size (${c.spec_size}), with room for 10 seconds`
    refuse(file, 'num_mel_bins', c.num_mel_bins, expected)
  }
  for (const [i, step] of stride.entries()) {
    if (c.spec_size % step !== 0) {
      refuse(file, 'patch_stride', stride, `expected divisors of spec_size (${c.spec_size})`)
    }
    if (patch[i] < step || (patch[i] - step) % 2 !== 0) {
      refuse(file, 'patch_size', patch, `expected patch_stride (${step}) or an even number more`)
    }
  }
}

/** Every level halves the grid of patches and doubles their width. */
function checkLevels(file: string, c: Config, stride: number[]): void {
  const levels = c.depths.length
  const { num_attention_heads: heads, window_size: window } = c
  const width = c.patch_embeds_hidden_size * 2 ** (levels - 1)
  if (c.hidden_size !== width) {
    const expected = `expected ${width}: patch_embeds_hidden_size, doubled from level to level`
    refuse(file, 'hidden_size', c.hidden_size, expected)
  }
  if (heads.length !== levels) {
    const expected = `expected ${levels} entries, as many as depths has`
    refuse(file, 'num_attention_heads', heads, expected)
  }
  const grid = stride.map((step) => c.spec_size / step)
  if (grid.some((size) => size % (window * 2 ** (levels - 1)) !== 0)) {
    const expected = `expected windows that fill ${grid.join(' by ')} patches at all ${levels} levels`
    refuse(file, 'window_size', window, expected)
  }
  for (const [level, count] of heads.entries()) {
    const channels = c.patch_embeds_hidden_size * 2 ** level
    if (channels % count !== 0) {
      const expected = `${count} heads do not divide the ${channels} channels of level ${level}`
      refuse(file, 'num_attention_heads', heads, expected)
    }
    if ((grid[0] * grid[1] * window ** 2 * count) / 4 ** level > MAX_SCORES) {
      const expected = `expected fewer: attention over ${grid.join(' by ')} patches is too large`
      refuse(file, 'num_attention_heads', heads, expected)
    }
  }
}

function frequencyRange({ config, file }: { config: Json; file: string }, c: Config) {
  const extractor = checkConfig(file, extractorSchema, config)
  if (extractor.feature_size !== c.num_mel_bins) {
    const expected = `expected ${c.num_mel_bins}, the num_mel_bins of config.json`
    refuse(file, 'feature_size', extractor.feature_size, expected)
  }
  return extractor
}

const encoder = 'audio_model.audio_encoder'

function shapes(c: Config, patch: number[]): Map<string, number[]> {
  const t = new TensorShapes()
  const first = c.patch_embeds_hidden_size
  t.norm(`${encoder}.batch_norm`, c.num_mel_bins)
  t.set(`${encoder}.batch_norm.running_mean`, [c.num_mel_bins])
  t.set(`${encoder}.batch_norm.running_var`, [c.num_mel_bins])
  t.set(`${encoder}.patch_embed.proj.weight`, [first, 1, ...patch])
  t.set(`${encoder}.patch_embed.proj.bias`, [first])
  t.norm(`${encoder}.patch_embed.norm`, first)
  for (const [level, depth] of c.depths.entries()) {
    const width = first * 2 ** level
    for (let i = 0; i < depth; i++) {
      block(t, `${encoder}.layers.${level}.blocks.${i}`, width, c.num_attention_heads[level], c)
    }
    if (level < c.depths.length - 1) {
      const downsample = `${encoder}.layers.${level}.downsample`
      t.linear(`${downsample}.reduction`, 4 * width, 2 * width, false)
      t.norm(`${downsample}.norm`, 4 * width)
    }
  }
  t.norm(`${encoder}.norm`, c.hidden_size)
  t.linear('audio_projection.linear1', c.hidden_size, c.projection_dim)
  t.linear('audio_projection.linear2', c.projection_dim, c.projection_dim)
  return t.map
}

function block(t: TensorShapes, name: string, width: number, heads: number, c: Config): void {
  const inner = Math.trunc(c.mlp_ratio * width)
  t.norm(`${name}.layernorm_before`, width)
  const attention = `${name}.attention.self`
  t.set(`${attention}.relative_position_bias_table`, [(2 * c.window_size - 1) ** 2, heads])
  for (const part of ['query', 'key', 'value']) t.linear(`${attention}.${part}`, width, width)
  t.linear(`${name}.attention.output.dense`, width, width)
  t.norm(`${name}.layernorm_after`, width)
  t.linear(`${name}.intermediate.dense`, width, inner)
  t.linear(`${name}.output.dense`, inner, width)
}

function buffers(c: Config): Set<string> {
  const indices = c.depths.flatMap((depth, level) =>
    Array.from({ length: depth }, (_, i) => {
      return `${encoder}.layers.${level}.blocks.${i}.attention.self.relative_position_index`
    }),
  )
  return new Set([`${encoder}.batch_norm.num_batches_tracked`, ...indices])
}
