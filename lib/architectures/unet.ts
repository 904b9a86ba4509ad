import { z } from 'zod'
import type { Json } from '../files/json.js'
import {
  boolean,
  checkConfig,
  checkGroups,
  int,
  list,
  number,
  oneOrList,
  only,
  perLevel,
  refuse,
} from './config.js'
import { type PartPlan, TensorShapes } from './plan.js'

export interface UNetPlan extends PartPlan {
  archive: 'unet'
  /** Latent channels, in and out. */
  channels: number
  /** Width of the text embedding it is conditioned on. */
  conditioningWidth: number
  /** Latent frames of a clip of default length. */
  sampleSize: number
  /** Per level, outermost first. */
  widths: number[]
  heads: number[]
  layersPerBlock: number[]
}

const width = int(2, 8192)

/**
 * The fields of UNet2DConditionModel that change what it computes, with the defaults of diffusers.
 * Fields that only other blocks, embeddings or training read are left alone, as diffusers does.
 */
const schema = z.object({
  sample_size: z
    .union([int(1, 65536), list(int(1, 65536), 1, 2)], {
      error: 'expected a whole number from 1 to 65536, or height and width',
    })
    .nullable()
    .default(null),
  in_channels: int(1, 256).default(4),
  out_channels: int(1, 256).default(4),
  center_input_sample: only(false).default(false),
  flip_sin_to_cos: boolean().default(true),
  freq_shift: number(-1, 1).default(0),
  down_block_types: list(only('DownBlock2D', 'CrossAttnDownBlock2D'), 1, 6).default([
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'DownBlock2D',
  ]),
  mid_block_type: only('UNetMidBlock2DCrossAttn').default('UNetMidBlock2DCrossAttn'),
  up_block_types: list(only('UpBlock2D', 'CrossAttnUpBlock2D'), 1, 6).default([
    'UpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
  ]),
  only_cross_attention: oneOrList(only(false), 'false').default(false),
  block_out_channels: list(width, 1, 6).default([320, 640, 1280, 1280]),
  layers_per_block: oneOrList(int(1, 4), 'a whole number from 1 to 4').default(2),
  downsample_padding: only(1).default(1),
  mid_block_scale_factor: only(1).default(1),
  act_fn: only('silu', 'swish').default('silu'),
  norm_num_groups: int(1, 8192).default(32),
  norm_eps: number(1e-12, 1).default(1e-5),
  cross_attention_dim: oneOrList(width, 'a whole number from 2 to 8192').default(1280),
  transformer_layers_per_block: oneOrList(only(1), '1').default(1),
  reverse_transformer_layers_per_block: only(null).default(null),
  encoder_hid_dim: only(null).default(null),
  encoder_hid_dim_type: only(null).default(null),
  attention_head_dim: oneOrList(int(1, 1024), 'a number of heads from 1 to 1024').default(8),
  num_attention_heads: z
    .null({
      error: 'supported: null; diffusers reads the number of heads from attention_head_dim',
    })
    .default(null),
  dual_cross_attention: only(false).default(false),
  use_linear_projection: only(false).default(false),
  class_embed_type: only('simple_projection'),
  addition_embed_type: only(null).default(null),
  upcast_attention: only(false).default(false),
  resnet_time_scale_shift: only('default').default('default'),
  time_embedding_type: only('positional').default('positional'),
  time_embedding_dim: int(0, 32768).nullable().default(null),
  time_embedding_act_fn: only(null).default(null),
  timestep_post_act: only(null).default(null),
  time_cond_proj_dim: only(null).default(null),
  conv_in_kernel: only(3).default(3),
  conv_out_kernel: only(3).default(3),
  projection_class_embeddings_input_dim: int(1, 8192),
  attention_type: only('default').default('default'),
  class_embeddings_concat: only(true),
})

type Config = z.output<typeof schema>

/** What unet/config.json asks for. Throws an InvalidModelError for what no archive covers. */
export function planUNet(config: Json, file: string): UNetPlan {
  const c = checkConfig(file, schema, config)
  const levels = c.block_out_channels.length
  const { downAttention, upAttention, layers, heads } = checkLevels(c, file)
  const sampleSize = Array.isArray(c.sample_size) ? c.sample_size[0] : c.sample_size
  return {
    archive: 'unet',
    attributes: {
      num_levels: levels,
      layers_per_block: layers,
      down_attention: downAttention,
      up_attention: upAttention,
      heads,
      norm_groups: c.norm_num_groups,
      norm_eps: c.norm_eps,
      flip_sin_to_cos: c.flip_sin_to_cos,
      freq_shift: c.freq_shift,
    },
    tensors: shapes(c, layers, downAttention, upAttention),
    optional: new Set(),
    channels: c.in_channels,
    conditioningWidth: c.projection_class_embeddings_input_dim,
    // A config may leave it open; the published models have 128.
    sampleSize: sampleSize ?? 128,
    widths: c.block_out_channels,
    heads,
    layersPerBlock: layers,
  }
}

function checkLevels(c: Config, file: string) {
  const widths = c.block_out_channels
  const levels = widths.length
  const blockNames = { down_block_types: c.down_block_types, up_block_types: c.up_block_types }
  for (const [field, names] of Object.entries(blockNames)) {
    perLevel<string>(file, field, names, levels)
  }
  perLevel(file, 'only_cross_attention', c.only_cross_attention, levels)
  perLevel(file, 'transformer_layers_per_block', c.transformer_layers_per_block, levels)
  const layers = perLevel(file, 'layers_per_block', c.layers_per_block, levels)
  const heads = perLevel(file, 'attention_head_dim', c.attention_head_dim, levels)
  const crossDims = perLevel(file, 'cross_attention_dim', c.cross_attention_dim, levels)
  const downAttention = c.down_block_types.map((name) => name === 'CrossAttnDownBlock2D')
  const upAttention = c.up_block_types.map((name) => name === 'CrossAttnUpBlock2D')

  if (c.out_channels !== c.in_channels) {
    refuse(file, 'out_channels', c.out_channels, `expected ${c.in_channels}, as in_channels`)
  }
  if (widths[0] % 2 !== 0) {
    refuse(file, 'block_out_channels', widths, 'the first must be even: half sines, half cosines')
  }
  checkGroups(file, c.norm_num_groups, widths)
  for (const [level, channels] of widths.entries()) {
    const attends = downAttention[level] || upAttention[levels - 1 - level] || level === levels - 1
    if (!attends) continue
    if (channels % heads[level] !== 0) {
      refuse(
        file,
        'attention_head_dim',
        c.attention_head_dim,
        `${heads[level]} heads do not divide the ${channels} channels of level ${level}`,
      )
    }
    // Without a text sequence the second attention attends to the level itself.
    if (crossDims[level] !== channels) {
      refuse(
        file,
        'cross_attention_dim',
        c.cross_attention_dim,
        `expected ${channels} at level ${level}, as block_out_channels`,
      )
    }
  }
  return { downAttention, upAttention, layers, heads }
}

function shapes(
  c: Config,
  layers: number[],
  downAttention: boolean[],
  upAttention: boolean[],
): Map<string, number[]> {
  const t = new TensorShapes()
  const widths = c.block_out_channels
  const last = widths.length - 1
  const time = c.time_embedding_dim || widths[0] * 4
  const embedding = 2 * time

  t.conv2d('conv_in', c.in_channels, widths[0], 3)
  t.linear('time_embedding.linear_1', widths[0], time)
  t.linear('time_embedding.linear_2', time, time)
  t.linear('class_embedding', c.projection_class_embeddings_input_dim, time)

  for (const [i, channels] of widths.entries()) {
    const block = `down_blocks.${i}`
    for (let j = 0; j < layers[i]; j++) {
      const inputs = j === 0 ? widths[Math.max(i - 1, 0)] : channels
      t.resnet(`${block}.resnets.${j}`, inputs, channels, embedding)
      if (downAttention[i]) transformer(t, `${block}.attentions.${j}`, channels)
    }
    if (i < last) t.conv2d(`${block}.downsamplers.0.conv`, channels, channels, 3)
  }

  t.resnet('mid_block.resnets.0', widths[last], widths[last], embedding)
  transformer(t, 'mid_block.attentions.0', widths[last])
  t.resnet('mid_block.resnets.1', widths[last], widths[last], embedding)

  for (let i = 0; i <= last; i++) {
    const block = `up_blocks.${i}`
    const level = last - i
    const channels = widths[level]
    const below = widths[Math.min(level + 1, last)]
    const above = widths[Math.max(level - 1, 0)]
    for (let j = 0; j <= layers[level]; j++) {
      const hidden = j === 0 ? below : channels
      const skip = j === layers[level] ? above : channels
      t.resnet(`${block}.resnets.${j}`, hidden + skip, channels, embedding)
      if (upAttention[i]) transformer(t, `${block}.attentions.${j}`, channels)
    }
    if (i < last) t.conv2d(`${block}.upsamplers.0.conv`, channels, channels, 3)
  }

  t.norm('conv_norm_out', widths[0])
  t.conv2d('conv_out', widths[0], c.out_channels, 3)
  return t.map
}

/** Transformer2DModel with 1×1 convolutions around one BasicTransformerBlock. */
function transformer(t: TensorShapes, name: string, channels: number): void {
  t.norm(`${name}.norm`, channels)
  t.conv2d(`${name}.proj_in`, channels, channels, 1)
  const block = `${name}.transformer_blocks.0`
  for (const i of [1, 2]) {
    t.norm(`${block}.norm${i}`, channels)
    for (const projection of ['to_q', 'to_k', 'to_v']) {
      t.linear(`${block}.attn${i}.${projection}`, channels, channels, false)
    }
    t.linear(`${block}.attn${i}.to_out.0`, channels, channels)
  }
  t.norm(`${block}.norm3`, channels)
  t.linear(`${block}.ff.net.0.proj`, channels, 8 * channels)
  t.linear(`${block}.ff.net.2`, 4 * channels, channels)
  t.conv2d(`${name}.proj_out`, channels, channels, 1)
}
