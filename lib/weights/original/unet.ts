import { InvalidOptionError } from '../../errors.js'
import type { Rename, Shapes } from './rename.js'
import { renameAll } from './rename.js'

/** Width of a head by the UNet's first width, model_channels. It is not in the weights, only in the authors' settings. */
const headWidths = new Map([
  [128, 32],
  [192, 32],
  [256, 64],
])

interface Level {
  channels: number
  layers: number
  attention: boolean
}

/** unet/config.json for these weights, less its heads; irregular ones fail the comparison of names. */
export function inferUNet(shapes: Shapes) {
  const levels = readLevels(shapes)
  const down = levels.map(({ attention }) => (attention ? 'CrossAttnDownBlock2D' : 'DownBlock2D'))
  const up = levels.map(({ attention }) => (attention ? 'CrossAttnUpBlock2D' : 'UpBlock2D'))
  const channels = levels.map((level) => level.channels)
  return {
    _class_name: 'UNet2DConditionModel',
    sample_size: 128,
    in_channels: shapes.size('input_blocks.0.0.weight', 1),
    out_channels: shapes.size('out.2.weight', 0),
    center_input_sample: false,
    flip_sin_to_cos: true,
    freq_shift: 0,
    down_block_types: down,
    mid_block_type: 'UNetMidBlock2DCrossAttn',
    up_block_types: up.reverse(),
    only_cross_attention: false,
    block_out_channels: channels,
    layers_per_block: levels[0].layers,
    downsample_padding: 1,
    mid_block_scale_factor: 1,
    act_fn: 'silu',
    norm_num_groups: 32,
    norm_eps: 1e-5,
    // There is no context: the second attention of a block attends to the block's own channels.
    cross_attention_dim: channels,
    use_linear_projection: false,
    class_embed_type: 'simple_projection',
    projection_class_embeddings_input_dim: shapes.size('film_emb.weight', 1),
    class_embeddings_concat: true,
    resnet_time_scale_shift: 'default',
    conv_in_kernel: 3,
    conv_out_kernel: 3,
  }
}

export type UNetConfig = ReturnType<typeof inferUNet>

function readLevels(shapes: Shapes): Level[] {
  const levels: Level[] = []
  let level: Level = { channels: 0, layers: 0, attention: false }
  for (let i = 1; ; i++) {
    const block = `input_blocks.${i}`
    if (shapes.has(`${block}.0.op.weight`)) {
      levels.push(level)
      level = { channels: 0, layers: 0, attention: false }
    } else if (shapes.has(`${block}.0.in_layers.2.weight`)) {
      level.channels = shapes.size(`${block}.0.in_layers.2.weight`, 0)
      level.attention = shapes.has(`${block}.1.norm.weight`)
      level.layers++
    } else {
      return [...levels, level]
    }
  }
}

/** Heads per level: `attention_head_dim` of the config, by which diffusers means their number. */
export function headCounts(config: UNetConfig, given?: number): number[] {
  const widths = config.block_out_channels
  const headWidth = given ?? headWidths.get(widths[0])
  if (headWidth === undefined) {
    throw new InvalidOptionError(
      'headWidth',
      `must be given for a UNet of ${widths[0]} channels`,
      'The width of an attention head is not in the weights; it is num_head_channels in the training configuration.',
    )
  }
  if (!Number.isSafeInteger(headWidth) || headWidth < 1) {
    throw new InvalidOptionError('headWidth', `${headWidth} is not a positive whole number`)
  }
  return widths.map((channels, level) => {
    if (config.down_block_types[level] === 'DownBlock2D') {
      // Without attention the entry only fills the list.
      return Math.max(1, Math.floor(channels / headWidth))
    }
    if (channels % headWidth !== 0) {
      throw new InvalidOptionError('headWidth', `${headWidth} does not divide ${channels} channels`)
    }
    return channels / headWidth
  })
}

const resnetParts: Record<string, string> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
}

const stems: [string, string][] = [
  ['time_embedding.linear_1', 'time_embed.0'],
  ['time_embedding.linear_2', 'time_embed.2'],
  ['class_embedding', 'film_emb'],
  ['conv_in', 'input_blocks.0.0'],
  ['conv_norm_out', 'out.0'],
  ['conv_out', 'out.2'],
]

/** `tensors` are the hub's names and shapes for this configuration. */
export function renameUNet(tensors: Map<string, number[]>, config: UNetConfig): Rename[] {
  return renameAll(tensors, (name) => originalName(name, config))
}

function originalName(name: string, config: UNetConfig): string {
  const stem = stems.find(([hub]) => name.startsWith(`${hub}.`))
  if (stem) return name.replace(stem[0], stem[1])
  const mid = /^mid_block\.(resnets|attentions)\.(\d)\.(.*)$/.exec(name)
  if (mid) {
    const [, kind, index, rest] = mid
    return kind === 'resnets'
      ? `middle_block.${index === '0' ? 0 : 2}.${resnetName(rest)}`
      : `middle_block.1.${rest}`
  }
  const block = /^(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)$/.exec(name)
  if (!block) throw new TypeError(`no original name for ${name}`)
  const [, direction, level, kind, layer, rest] = block
  // A level takes one more block than it has layers: down for its downsampling, up for its skip.
  const first = Number(level) * (config.layers_per_block + 1)
  if (kind === 'downsamplers') {
    return `input_blocks.${first + config.layers_per_block + 1}.0.op.${rest.replace('conv.', '')}`
  }
  if (kind === 'upsamplers') {
    const position = config.up_block_types[Number(level)] === 'CrossAttnUpBlock2D' ? 2 : 1
    return `output_blocks.${first + config.layers_per_block}.${position}.${rest}`
  }
  const index = first + Number(layer)
  const at = direction === 'down' ? `input_blocks.${index + 1}` : `output_blocks.${index}`
  return kind === 'resnets' ? `${at}.0.${resnetName(rest)}` : `${at}.1.${rest}`
}

function resnetName(rest: string): string {
  const [part, kind] = rest.split('.')
  return `${resnetParts[part]}.${kind}`
}

/** EMA copies are kept under the name with every dot deleted: built from names, never parsed. */
export function emaName(name: string): string {
  return `model_ema.${`diffusion_model.${name}`.replaceAll('.', '')}`
}
