import { type Rename, renameAll, type Shapes, squeeze } from './rename.js'

/** vae/config.json for these weights and the scale of its latents. */
export function inferVae(shapes: Shapes, scalingFactor: number) {
  const levels = shapes.count((i) => `encoder.down.${i}.block.0.conv1.weight`)
  const widths = Array.from({ length: levels }, (_, i) =>
    shapes.size(`encoder.down.${i}.block.0.conv1.weight`, 0),
  )
  return {
    _class_name: 'AutoencoderKL',
    in_channels: shapes.size('encoder.conv_in.weight', 1),
    out_channels: shapes.size('decoder.conv_out.weight', 0),
    down_block_types: widths.map(() => 'DownEncoderBlock2D'),
    up_block_types: widths.map(() => 'UpDecoderBlock2D'),
    block_out_channels: widths,
    layers_per_block: shapes.count((j) => `encoder.down.0.block.${j}.conv1.weight`),
    act_fn: 'silu',
    latent_channels: shapes.size('post_quant_conv.weight', 0),
    norm_num_groups: 32,
    sample_size: 512,
    scaling_factor: scalingFactor,
  }
}

const rules: [RegExp, string][] = [
  [/^encoder\.down_blocks\.(\d+)\.resnets\.(\d+)/, 'encoder.down.$1.block.$2'],
  [/^encoder\.down_blocks\.(\d+)\.downsamplers\.0/, 'encoder.down.$1.downsample'],
  [/^decoder\.up_blocks\.(\d+)\.resnets\.(\d+)/, 'decoder.up.$1.block.$2'],
  [/^decoder\.up_blocks\.(\d+)\.upsamplers\.0/, 'decoder.up.$1.upsample'],
  [/mid_block\.resnets\.0/, 'mid.block_1'],
  [/mid_block\.resnets\.1/, 'mid.block_2'],
  [/mid_block\.attentions\.0/, 'mid.attn_1'],
  [/attn_1\.group_norm/, 'attn_1.norm'],
  [/attn_1\.to_([qkv])\./, 'attn_1.$1.'],
  [/attn_1\.to_out\.0/, 'attn_1.proj_out'],
  [/conv_norm_out/, 'norm_out'],
  [/conv_shortcut/, 'nin_shortcut'],
]

/** `tensors` are the hub's names and shapes for a VAE of so many levels. */
export function renameVae(tensors: Map<string, number[]>, levels: number): Rename[] {
  return renameAll(tensors, (name) => originalName(name, levels)).map((rename) =>
    // The original's attention is made of 1×1 convolutions.
    /attn_1\.(q|k|v|proj_out)\.weight$/.test(rename.from)
      ? { ...rename, shape: [...rename.shape, 1, 1], view: squeeze }
      : rename,
  )
}

function originalName(name: string, levels: number): string {
  const renamed = rules.reduce((text, [pattern, to]) => text.replace(pattern, to), name)
  // The original numbers the decoder's levels by resolution, the hub in the order they run.
  return renamed.replace(/^decoder\.up\.(\d+)/, (_, i) => `decoder.up.${levels - 1 - Number(i)}`)
}
