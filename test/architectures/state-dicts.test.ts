import { describe, expect, it } from 'vitest'
import { planTextEncoder } from '../../lib/architectures/text-encoder.js'
import { planUNet } from '../../lib/architectures/unet.js'
import { planVae } from '../../lib/architectures/vae.js'
import { planVocoder } from '../../lib/architectures/vocoder.js'
import { askPython } from '../python/run.js'
import {
  type Config,
  publishedTextEncoder,
  publishedUNet,
  publishedVae,
  publishedVocoder,
} from './configs.js'

type Shapes = { tensors: Map<string, number[]>; optional: Set<string> }

interface Case {
  title: string
  class: string
  config: Config
  plan: (config: Config) => Shapes
}

const unet = (title: string, config: Config): Case => ({
  title: `UNet ${title}`,
  class: 'UNet2DConditionModel',
  config,
  plan: (c) => planUNet(c, 'unet/config.json'),
})

const vae = (title: string, config: Config): Case => ({
  title: `VAE ${title}`,
  class: 'AutoencoderKL',
  config,
  plan: (c) => {
    const { encoder, decoder } = planVae(c, 'vae/config.json')
    return {
      tensors: new Map([...encoder.tensors, ...decoder.tensors]),
      optional: encoder.optional,
    }
  },
})

const vocoder = (title: string, config: Config): Case => ({
  title: `vocoder ${title}`,
  class: 'SpeechT5HifiGan',
  config,
  plan: (c) => planVocoder(c, 'vocoder/config.json'),
})

const text = (title: string, config: Config): Case => ({
  title: `text encoder ${title}`,
  class: 'ClapTextModelWithProjection',
  config,
  plan: (c) => planTextEncoder(c, 'text_encoder/config.json'),
})

const film = { class_embed_type: 'simple_projection', class_embeddings_concat: true }

const cases = [
  unet('S', publishedUNet(128)),
  unet('M', publishedUNet(192)),
  unet('L', publishedUNet(256)),
  unet('with the original head counts', {
    ...publishedUNet(128),
    attention_head_dim: [4, 8, 12, 20],
  }),
  unet('with the defaults of diffusers', {
    ...film,
    projection_class_embeddings_input_dim: 512,
    cross_attention_dim: [320, 640, 1280, 1280],
  }),
  unet('of one level', {
    ...film,
    projection_class_embeddings_input_dim: 6,
    down_block_types: ['DownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D'],
    block_out_channels: [10],
    cross_attention_dim: 10,
    attention_head_dim: 5,
    norm_num_groups: 5,
    layers_per_block: 1,
  }),
  unet('uneven, not mirrored', {
    ...film,
    in_channels: 3,
    out_channels: 3,
    projection_class_embeddings_input_dim: 40,
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    block_out_channels: [12, 18, 24],
    cross_attention_dim: [12, 18, 24],
    attention_head_dim: [3, 2, 4],
    layers_per_block: [3, 1, 4],
    norm_num_groups: 6,
    time_embedding_dim: 20,
  }),
  unet('of six levels', {
    ...film,
    projection_class_embeddings_input_dim: 512,
    down_block_types: [...Array(5).fill('DownBlock2D'), 'CrossAttnDownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D', ...Array(5).fill('UpBlock2D')],
    block_out_channels: [8, 8, 16, 16, 24, 32],
    cross_attention_dim: [1280, 1280, 1280, 1280, 1280, 32],
    attention_head_dim: 4,
    norm_num_groups: 4,
  }),
  vae('as published', publishedVae),
  vae('of one level', { in_channels: 1, out_channels: 1, norm_num_groups: 8 }),
  vae('of four levels without attention', {
    ...publishedVae,
    block_out_channels: [6, 6, 9, 12],
    down_block_types: Array(4).fill('DownEncoderBlock2D'),
    up_block_types: Array(4).fill('UpDecoderBlock2D'),
    layers_per_block: 3,
    latent_channels: 5,
    norm_num_groups: 3,
    mid_block_add_attention: false,
  }),
  vocoder('as published', publishedVocoder),
  vocoder('with the defaults of transformers', {}),
  vocoder('odd', {
    model_in_dim: 7,
    upsample_initial_channel: 21,
    upsample_rates: [3, 2],
    upsample_kernel_sizes: [8, 3],
    resblock_kernel_sizes: [5],
    resblock_dilation_sizes: [[2, 7]],
    normalize_before: true,
  }),
  text('as published', publishedTextEncoder),
  text('tiny', {
    vocab_size: 300,
    hidden_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 3,
    intermediate_size: 10,
    max_position_embeddings: 70,
    type_vocab_size: 2,
    projection_dim: 16,
  }),
]

describe('tensors of a part', () => {
  const expected = askPython<Record<string, number[]>[]>(
    'architectures/python/state_dicts.py',
    cases.map((c) => ({ class: c.class, config: c.config })),
  )

  it.each(cases.map((c, i) => ({ ...c, i })))('are those of the $title', ({ config, plan, i }) => {
    const { tensors, optional } = plan(config)
    for (const name of optional) expect(expected[i]).toHaveProperty([name])
    const needed = Object.entries(expected[i]).filter(([name]) => !optional.has(name))
    expect(Object.fromEntries(tensors)).toEqual(Object.fromEntries(needed))
  })

  it('are 690 for the UNet and 204 for the VAE of the published layouts', () => {
    for (const i of [0, 1, 2]) expect(cases[i].plan(cases[i].config).tensors.size).toBe(690)
    expect(cases[8].plan(publishedVae).tensors.size).toBe(204)
  })
})
