import type { Json } from '../../lib/files/json.js'

export type Config = { [field: string]: Json }

/** unet/config.json of the published models, which differ in width alone. */
export function publishedUNet(width: number): Config {
  const widths = [width, 2 * width, 3 * width, 5 * width]
  return {
    _class_name: 'UNet2DConditionModel',
    _diffusers_version: '0.14.0',
    sample_size: 128,
    in_channels: 8,
    out_channels: 8,
    down_block_types: [
      'DownBlock2D',
      'CrossAttnDownBlock2D',
      'CrossAttnDownBlock2D',
      'CrossAttnDownBlock2D',
    ],
    up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    block_out_channels: widths,
    cross_attention_dim: widths,
    attention_head_dim: 8,
    class_embed_type: 'simple_projection',
    class_embeddings_concat: true,
    projection_class_embeddings_input_dim: 512,
    num_class_embeds: null,
  }
}

export const publishedVae: Config = {
  _class_name: 'AutoencoderKL',
  sample_size: 512,
  in_channels: 1,
  out_channels: 1,
  latent_channels: 8,
  block_out_channels: [128, 256, 512],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  layers_per_block: 2,
  norm_num_groups: 32,
  scaling_factor: 0.9227914214134216,
}

export const publishedVocoder: Config = {
  model_in_dim: 64,
  sampling_rate: 16000,
  upsample_initial_channel: 1024,
  upsample_rates: [5, 4, 2, 2, 2],
  upsample_kernel_sizes: [16, 16, 8, 4, 4],
  resblock_kernel_sizes: [3, 7, 11],
  resblock_dilation_sizes: [
    [1, 3, 5],
    [1, 3, 5],
    [1, 3, 5],
  ],
  leaky_relu_slope: 0.1,
  normalize_before: false,
}

export const publishedTextEncoder: Config = {
  model_type: 'clap_text_model',
  architectures: ['ClapTextModelWithProjection'],
  vocab_size: 50265,
  hidden_size: 768,
  projection_dim: 512,
}

export const publishedScheduler: Config = {
  _class_name: 'DDIMScheduler',
  num_train_timesteps: 1000,
  beta_start: 0.0015,
  beta_end: 0.0195,
  beta_schedule: 'scaled_linear',
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: 'epsilon',
}
