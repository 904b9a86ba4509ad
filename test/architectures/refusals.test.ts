import { describe, expect, it } from 'vitest'
import { planScheduler } from '../../lib/architectures/scheduler.js'
import { planTextEncoder } from '../../lib/architectures/text-encoder.js'
import { planUNet } from '../../lib/architectures/unet.js'
import { planVae } from '../../lib/architectures/vae.js'
import { planVocoder } from '../../lib/architectures/vocoder.js'
import { InvalidModelError } from '../../lib/errors.js'
import type { Json } from '../../lib/files/json.js'
import {
  type Config,
  publishedScheduler,
  publishedTextEncoder,
  publishedUNet,
  publishedVae,
  publishedVocoder,
} from './configs.js'

type Change = [field: string, value: Json | undefined, says?: RegExp]

const parts: {
  part: string
  plan: (config: Json) => unknown
  config: Config
  changes: Change[]
}[] = [
  {
    part: 'unet',
    plan: (c) => planUNet(c, 'unet/config.json'),
    config: publishedUNet(128),
    changes: [
      ['down_block_types', ['AttnDownBlock2D'], /"AttnDownBlock2D"; supported: "DownBlock2D" or/],
      ['down_block_types', ['DownBlock2D'], /4 entries/],
      ['up_block_types', Array(7).fill('UpBlock2D'), /1 to 6/],
      ['up_block_types', 'UpBlock2D', /list/],
      ['mid_block_type', null, /UNetMidBlock2DCrossAttn/],
      ['class_embed_type', 'timestep', /"timestep"; supported: "simple_projection"/],
      ['class_embed_type', undefined, /missing; supported: "simple_projection"/],
      ['class_embeddings_concat', false, /supported: true/],
      ['class_embeddings_concat', undefined],
      ['use_linear_projection', true],
      ['dual_cross_attention', true],
      ['only_cross_attention', [false, true, false, false]],
      ['upcast_attention', true],
      ['cross_attention_dim', 768, /expected 256 at level 1/],
      ['cross_attention_dim', [128, 256, 384], /4 entries/],
      ['cross_attention_dim', [128, 256, 384, 641], /expected 640 at level 3/],
      ['transformer_layers_per_block', 2],
      ['transformer_layers_per_block', [1, 1, 1, 2]],
      ['num_attention_heads', 8, /attention_head_dim/],
      ['attention_head_dim', 0],
      ['attention_head_dim', 7, /do not divide/],
      ['attention_head_dim', [4, 8, 12], /4 entries/],
      ['attention_head_dim', [4, 8, 12, 21], /21 heads do not divide the 640/],
      ['attention_head_dim', null],
      ['layers_per_block', 1_000_000, /1 to 4/],
      ['layers_per_block', [2, 2, 2, 0]],
      ['layers_per_block', 1.5],
      ['norm_num_groups', 48, /divisor/],
      ['norm_num_groups', null],
      ['norm_eps', -1],
      ['norm_eps', Number.NaN],
      ['layers_per_block', Number.POSITIVE_INFINITY],
      ['norm_eps', 'small'],
      ['block_out_channels', [128, 256, 384, 1e9], /2 to 8192/],
      ['block_out_channels', [], /1 to 6/],
      ['block_out_channels', { 0: 128 }],
      ['in_channels', 4, /as in_channels/],
      ['in_channels', -8],
      ['resnet_time_scale_shift', 'scale_shift'],
      ['time_embedding_type', 'fourier'],
      ['time_embedding_act_fn', 'silu'],
      ['timestep_post_act', 'silu'],
      ['time_cond_proj_dim', 64],
      ['act_fn', 'gelu', /supported: "silu"/],
      ['conv_in_kernel', 5],
      ['conv_out_kernel', 1],
      ['downsample_padding', 0],
      ['mid_block_scale_factor', 2],
      ['center_input_sample', true],
      ['encoder_hid_dim', 768],
      ['addition_embed_type', 'text'],
      ['attention_type', 'gated'],
      ['projection_class_embeddings_input_dim', null],
      ['flip_sin_to_cos', 1],
      ['sample_size', 0],
    ],
  },
  {
    part: 'vae',
    plan: (c) => planVae(c, 'vae/config.json'),
    config: publishedVae,
    changes: [
      ['in_channels', 3, /supported: 1/],
      ['out_channels', undefined, /missing/],
      ['down_block_types', ['AttnDownEncoderBlock2D'], /DownEncoderBlock2D/],
      ['up_block_types', ['UpDecoderBlock2D'], /3 entries/],
      [
        'block_out_channels',
        [128, 256, 500],
        /divisor of block_out_channels \(500\)|norm_num_groups/,
      ],
      ['layers_per_block', 5],
      ['layers_per_block', [2, 2, 2]],
      ['latent_channels', 0],
      ['norm_num_groups', 0],
      ['scaling_factor', 0],
      ['scaling_factor', -1],
      ['scaling_factor', '1'],
      ['scaling_factor', Number.NaN, /scaling_factor is NaN/],
      ['scaling_factor', Number.POSITIVE_INFINITY, /scaling_factor is Infinity/],
      ['scaling_factor', null],
      ['shift_factor', 0.1],
      ['latents_mean', [0]],
      ['use_quant_conv', false],
      ['use_post_quant_conv', false],
      ['act_fn', 'relu'],
    ],
  },
  {
    part: 'vocoder',
    plan: (c) => planVocoder(c, 'vocoder/config.json'),
    config: publishedVocoder,
    changes: [
      ['upsample_rates', [5, 4, 2, 2], /upsample_kernel_sizes/],
      ['upsample_rates', [64, 64, 64, 2, 2], /smaller than|product/],
      ['upsample_kernel_sizes', [4, 16, 8, 4, 4], /smaller than its upsample rate 5/],
      ['upsample_rates', Array(9).fill(2), /1 to 8/],
      ['upsample_initial_channel', 16, /at least 32/],
      ['resblock_kernel_sizes', [3, 7, 8], /odd/],
      ['resblock_kernel_sizes', [3, 7], /lists/],
      ['resblock_kernel_sizes', [3, 3, 3, 3, 3], /1 to 4/],
      ['resblock_dilation_sizes', [[1], [1], [1, 3]], /equal length/],
      ['resblock_dilation_sizes', [1, 3, 5]],
      ['resblock_dilation_sizes', [[], [], []]],
      ['leaky_relu_slope', 2],
      ['normalize_before', null],
      ['model_in_dim', 0],
      ['sampling_rate', 0],
    ],
  },
  {
    part: 'text_encoder',
    plan: (c) => planTextEncoder(c, 'text_encoder/config.json'),
    config: publishedTextEncoder,
    changes: [
      ['model_type', 'clap', /clap_text_model/],
      ['num_hidden_layers', 1e9, /1 to 24/],
      ['num_attention_heads', 7, /divisor of hidden_size/],
      ['hidden_act', 'gelu_new', /supported: "gelu"/],
      ['projection_hidden_act', 'gelu', /supported: "relu"/],
      ['pad_token_id', null],
      ['pad_token_id', 60000, /vocab_size/],
      ['max_position_embeddings', 4, /at least 5/],
      ['position_embedding_type', 'relative_key'],
      ['layer_norm_eps', 0],
      ['vocab_size', 1e12],
      ['is_decoder', true],
    ],
  },
  {
    part: 'scheduler',
    plan: (c) => planScheduler(c, 'scheduler/config.json', 'DDIMScheduler'),
    config: publishedScheduler,
    changes: [
      ['prediction_type', 'v_prediction', /supported: "epsilon"/],
      ['clip_sample', true, /supported: false/],
      ['clip_sample', undefined, /missing; supported: false/],
      ['thresholding', true],
      ['rescale_betas_zero_snr', true],
      ['beta_schedule', 'laplace'],
      ['beta_end', 2],
      ['beta_start', Number.NaN],
      ['beta_end', 0.99, /no signal/],
      ['num_train_timesteps', 1e7],
      ['steps_offset', 1000, /num_train_timesteps/],
      ['timestep_spacing', 'random'],
      ['trained_betas', [0.1, 0.2], /num_train_timesteps/],
    ],
  },
]

describe.each(parts)('the configuration of $part', ({ part, plan, config, changes }) => {
  it('is accepted as published', () => {
    expect(() => plan(config)).not.toThrow()
  })

  it.each(changes)('is refused with %s %j, by name', (field, value, says) => {
    const changed = { ...config, [field]: value } as Config
    if (value === undefined) delete changed[field]
    let error: unknown
    try {
      plan(changed)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(InvalidModelError)
    const { message, hint } = error as InvalidModelError
    expect(message).toMatch(new RegExp(`^${part}/config.json: `))
    expect(message).toMatch(says ?? new RegExp(field))
    expect(hint).toBeTruthy()
    expect(message.length).toBeLessThan(2000)
  })

  it.each([[null], [[]], ['text'], [3]])('is refused when it is %j', (value) => {
    expect(() => plan(value as Json)).toThrow(/is not a JSON object/)
  })
})

it('refuses a scheduler class that is not of this family', () => {
  expect(() =>
    planScheduler(publishedScheduler, 'f.json', 'FlowMatchEulerDiscreteScheduler'),
  ).toThrow(/"FlowMatchEulerDiscreteScheduler"; supported: DDIMScheduler/)
})
