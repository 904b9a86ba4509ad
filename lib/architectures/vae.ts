import { z } from 'zod'
import type { Json } from '../files/json.js'
import { boolean, checkConfig, checkGroups, int, list, number, only, perLevel } from './config.js'
import { type PartPlan, TensorShapes } from './plan.js'

export interface VaePlan {
  encoder: PartPlan
  decoder: PartPlan
  latentChannels: number
  /** Mel frames per latent frame, and mel bins per latent bin. */
  factor: number
  /** Latents the UNet sees = scalingFactor · z. */
  scalingFactor: number
}

/** The fields of AutoencoderKL that change what it computes, with the defaults of diffusers. */
const schema = z.object({
  in_channels: only(1),
  out_channels: only(1),
  down_block_types: list(only('DownEncoderBlock2D'), 1, 6).default(['DownEncoderBlock2D']),
  up_block_types: list(only('UpDecoderBlock2D'), 1, 6).default(['UpDecoderBlock2D']),
  block_out_channels: list(int(1, 8192), 1, 6).default([64]),
  layers_per_block: int(1, 4).default(1),
  act_fn: only('silu', 'swish').default('silu'),
  latent_channels: int(1, 256).default(4),
  norm_num_groups: int(1, 8192).default(32),
  scaling_factor: number(1e-6, 1e6).default(0.18215),
  shift_factor: only(null).default(null),
  latents_mean: only(null).default(null),
  latents_std: only(null).default(null),
  use_quant_conv: only(true).default(true),
  use_post_quant_conv: only(true).default(true),
  mid_block_add_attention: boolean().default(true),
})

type Config = z.output<typeof schema>

/** What vae/config.json asks for. Throws an InvalidModelError for what no archive covers. */
export function planVae(config: Json, file: string): VaePlan {
  const c = checkConfig(file, schema, config)
  const levels = c.block_out_channels.length
  perLevel<string>(file, 'down_block_types', c.down_block_types, levels)
  perLevel<string>(file, 'up_block_types', c.up_block_types, levels)
  checkGroups(file, c.norm_num_groups, c.block_out_channels)
  const attributes = {
    num_levels: levels,
    layers_per_block: c.layers_per_block,
    norm_groups: c.norm_num_groups,
    mid_attention: c.mid_block_add_attention,
  }
  const optional = new Set<string>()
  return {
    encoder: { archive: 'vae_encoder', attributes, tensors: encoderShapes(c), optional },
    decoder: { archive: 'vae_decoder', attributes, tensors: decoderShapes(c), optional },
    latentChannels: c.latent_channels,
    factor: 2 ** (levels - 1),
    scalingFactor: c.scaling_factor,
  }
}

function encoderShapes(c: Config): Map<string, number[]> {
  const t = new TensorShapes()
  const widths = c.block_out_channels
  const last = widths.length - 1
  t.conv2d('encoder.conv_in', 1, widths[0], 3)
  for (const [i, channels] of widths.entries()) {
    const block = `encoder.down_blocks.${i}`
    for (let j = 0; j < c.layers_per_block; j++) {
      const inputs = j === 0 ? widths[Math.max(i - 1, 0)] : channels
      t.resnet(`${block}.resnets.${j}`, inputs, channels, 0)
    }
    if (i < last) t.conv2d(`${block}.downsamplers.0.conv`, channels, channels, 3)
  }
  middle(t, 'encoder.mid_block', widths[last], c.mid_block_add_attention)
  t.norm('encoder.conv_norm_out', widths[last])
  t.conv2d('encoder.conv_out', widths[last], 2 * c.latent_channels, 3)
  t.conv2d('quant_conv', 2 * c.latent_channels, 2 * c.latent_channels, 1)
  return t.map
}

function decoderShapes(c: Config): Map<string, number[]> {
  const t = new TensorShapes()
  const widths = [...c.block_out_channels].reverse()
  const last = widths.length - 1
  t.conv2d('post_quant_conv', c.latent_channels, c.latent_channels, 1)
  t.conv2d('decoder.conv_in', c.latent_channels, widths[0], 3)
  middle(t, 'decoder.mid_block', widths[0], c.mid_block_add_attention)
  for (const [i, channels] of widths.entries()) {
    const block = `decoder.up_blocks.${i}`
    for (let j = 0; j <= c.layers_per_block; j++) {
      const inputs = j === 0 ? widths[Math.max(i - 1, 0)] : channels
      t.resnet(`${block}.resnets.${j}`, inputs, channels, 0)
    }
    if (i < last) t.conv2d(`${block}.upsamplers.0.conv`, channels, channels, 3)
  }
  t.norm('decoder.conv_norm_out', widths[last])
  t.conv2d('decoder.conv_out', widths[last], 1, 3)
  return t.map
}

function middle(t: TensorShapes, name: string, channels: number, attention: boolean): void {
  t.resnet(`${name}.resnets.0`, channels, channels, 0)
  t.resnet(`${name}.resnets.1`, channels, channels, 0)
  if (!attention) return
  t.norm(`${name}.attentions.0.group_norm`, channels)
  for (const projection of ['to_q', 'to_k', 'to_v', 'to_out.0']) {
    t.linear(`${name}.attentions.0.${projection}`, channels, channels)
  }
}
