import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planAudioEncoder } from '../../lib/architectures/audio-encoder.js'
import { InvalidModelError } from '../../lib/errors.js'
import type { Json } from '../../lib/files/json.js'
import { tinyModel } from '../models'
import { askPython } from '../python/run.js'
import type { Config } from './configs.js'

const file = 'audio_encoder/config.json'
const preprocessorFile = 'audio_encoder/preprocessor_config.json'

/** HTSAT-tiny, as the defaults of ClapAudioConfig are. */
const tiny: Config = {
  model_type: 'clap_audio_model',
  window_size: 8,
  num_mel_bins: 64,
  spec_size: 256,
  patch_size: 4,
  patch_stride: [4, 4],
  patch_embeds_hidden_size: 96,
  hidden_size: 768,
  depths: [2, 2, 6, 2],
  num_attention_heads: [4, 8, 16, 32],
  projection_dim: 512,
}

const base: Config = {
  ...tiny,
  patch_embeds_hidden_size: 128,
  hidden_size: 1024,
  depths: [2, 2, 12, 2],
}

/** preprocessor_config.json of CLAP without fusion. */
const preprocessor: Config = {
  feature_extractor_type: 'ClapFeatureExtractor',
  feature_size: 64,
  sampling_rate: 48000,
  hop_length: 480,
  max_length_s: 10,
  fft_window_size: 1024,
  frequency_min: 50,
  frequency_max: 14000,
  top_db: null,
  truncation: 'rand_trunc',
  padding: 'repeatpad',
}

const configs: Record<string, Config> = {
  'HTSAT-tiny': tiny,
  'HTSAT-base': base,
  'the defaults of transformers': {},
  'one level': {
    ...tiny,
    depths: [3],
    num_attention_heads: [2],
    patch_embeds_hidden_size: 6,
    hidden_size: 6,
    projection_dim: 5,
  },
  'two levels of small windows and overlapping patches': {
    ...tiny,
    depths: [1, 18],
    num_attention_heads: [3, 4],
    patch_embeds_hidden_size: 12,
    hidden_size: 24,
    window_size: 4,
    num_mel_bins: 32,
    patch_size: [10, 16],
    patch_stride: [8, 16],
    mlp_ratio: 2.6,
  },
}

describe('tensors of the audio tower', () => {
  const names = Object.keys(configs)
  const expected = askPython<Record<string, number[]>[]>(
    'architectures/python/state_dicts.py',
    names.map((name) => ({ class: 'ClapAudioModelWithProjection', config: configs[name] })),
  )

  it.each(names.map((name, i) => ({ name, i })))('are those of $name', ({ name, i }) => {
    const { tensors, optional } = planAudioEncoder(configs[name], file)
    for (const buffer of optional) expect(expected[i]).toHaveProperty([buffer])
    const needed = Object.entries(expected[i]).filter(([tensor]) => !optional.has(tensor))
    expect(Object.fromEntries(tensors)).toEqual(Object.fromEntries(needed))
  })
})

describe('attributes of the audio tower', () => {
  it('come from its configuration', () => {
    const plan = planAudioEncoder(base, file)
    expect(plan.projectionWidth).toBe(512)
    expect(plan.attributes).toEqual({
      depths: [2, 2, 12, 2],
      heads: [4, 8, 16, 32],
      window_size: 8,
      patch_stride: [4, 4],
      layer_norm_eps: 1e-5,
      spec_size: 256,
      num_mel_bins: 64,
      min_frequency: 50,
      max_frequency: 14000,
    })
    const { attributes } = planAudioEncoder(
      { ...tiny, patch_stride: 4, layer_norm_eps: 1e-6 },
      file,
    )
    expect(attributes).toMatchObject({ patch_stride: [4, 4], layer_norm_eps: 1e-6 })
  })

  it('take the frequencies of the feature extractor, or its defaults', () => {
    const range = (config: Config) => {
      const plan = planAudioEncoder(tiny, file, { config, file: preprocessorFile })
      return [plan.attributes.min_frequency, plan.attributes.max_frequency]
    }
    expect(range(preprocessor)).toEqual([50, 14000])
    expect(range({ ...preprocessor, frequency_min: 20, frequency_max: 24000 })).toEqual([20, 24000])
    expect(range({ truncation: 'rand_trunc' })).toEqual([0, 14000])
  })

  it('fit the small model of the package', () => {
    const folder = join(tinyModel, 'audio_encoder')
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Json
    const plan = planAudioEncoder(read('config.json'), file, {
      config: read('preprocessor_config.json'),
      file: preprocessorFile,
    })
    expect(plan.attributes).toMatchObject({ depths: [2, 2, 2, 1], min_frequency: 50 })
  })
})

type Change = [field: string, value: Json, says: RegExp]

const changes: Change[] = [
  ['model_type', 'clap', /"clap"; supported: "clap_audio_model"/],
  ['enable_fusion', true, /supported: false/],
  ['hidden_act', 'gelu_new', /supported: "gelu"/],
  ['projection_hidden_act', 'gelu', /supported: "relu"/],
  ['qkv_bias', false, /supported: true/],
  ['enable_patch_layer_norm', false, /supported: true/],
  ['flatten_patch_embeds', false, /supported: true/],
  ['patch_embed_input_channels', 4, /supported: 1/],
  ['depths', [2, 2, 1e9, 2], /1 to 18/],
  ['depths', [2, 2, 2, 2, 2], /1 to 4/],
  ['depths', [], /1 to 4/],
  ['depths', 2, /list/],
  ['num_attention_heads', [4, 8, 16], /4 entries/],
  ['num_attention_heads', [4, 8, 16, 33], /33 heads do not divide the 768 channels of level 3/],
  ['num_attention_heads', [0, 8, 16, 32], /1 to 1024/],
  ['window_size', 0, /1 to 16/],
  ['window_size', 17, /1 to 16/],
  ['window_size', 16, /fill 64 by 64 patches at all 4 levels/],
  ['window_size', 7, /fill 64 by 64 patches/],
  ['spec_size', 1 << 20, /16 to 1024/],
  ['spec_size', 250, /num_mel_bins is 64; expected a divisor of spec_size \(250\)/],
  ['spec_size', 192, /num_mel_bins is 64; .*room for 10 seconds/],
  ['num_mel_bins', 48, /divisor of spec_size/],
  ['num_mel_bins', null, /1 to 256/],
  ['patch_size', [4, 4, 4], /one number or two/],
  ['patch_size', 3, /patch_stride \(4\) or an even number more/],
  ['patch_size', [4, 5], /even number more/],
  ['patch_size', 1e9, /1 to 64/],
  ['patch_stride', [], /one number or two/],
  ['patch_stride', 3, /divisors of spec_size/],
  ['patch_stride', [64, 0], /1 to 64/],
  ['hidden_size', 512, /expected 768/],
  ['patch_embeds_hidden_size', 100, /hidden_size is 768; expected 800/],
  ['patch_embeds_hidden_size', 1e7, /1 to 2048/],
  ['mlp_ratio', 1e6, /1 to 16/],
  ['mlp_ratio', Number.NaN, /1 to 16/],
  ['projection_dim', -1, /1 to 8192/],
  ['layer_norm_eps', 0, /layer_norm_eps/],
]

const extractorChanges: Change[] = [
  ['truncation', 'fusion', /"fusion"; supported: "rand_trunc"/],
  ['padding', 'pad', /supported: "repeatpad"/],
  ['sampling_rate', 44100, /supported: 48000/],
  ['hop_length', 512, /supported: 480/],
  ['fft_window_size', 2048, /supported: 1024/],
  ['max_length_s', 1e9, /supported: 10/],
  ['top_db', 80, /supported: null/],
  ['feature_size', 128, /expected 64, the num_mel_bins/],
  ['frequency_min', 9000, /0 to 500/],
  ['frequency_max', 0, /1000 to 24000/],
]

function refusal(plan: () => unknown): InvalidModelError {
  try {
    plan()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidModelError)
    return error as InvalidModelError
  }
  throw new Error('nothing was refused')
}

describe('the configuration of the audio tower', () => {
  it.each(changes)('is refused with %s %j, by name', (field, value, says) => {
    const { message, hint } = refusal(() => planAudioEncoder({ ...tiny, [field]: value }, file))
    expect(message).toMatch(/^audio_encoder\/config\.json: [\w.]+ is /)
    expect(message).toMatch(says)
    expect(hint).toBeTruthy()
  })

  it.each(extractorChanges)('is refused with %s %j for its features', (field, value, says) => {
    const config = { ...preprocessor, [field]: value }
    const { message } = refusal(() =>
      planAudioEncoder(tiny, file, { config, file: preprocessorFile }),
    )
    expect(message).toMatch(/^audio_encoder\/preprocessor_config\.json: /)
    expect(message).toMatch(says)
    expect(message).toContain(field)
  })

  it('is refused where attention would need gigabytes', () => {
    const huge = { ...tiny, spec_size: 1024, patch_size: 1, patch_stride: 1, window_size: 16 }
    expect(refusal(() => planAudioEncoder(huge, file)).message).toMatch(
      /num_attention_heads .* attention over 1024 by 1024 patches is too large/,
    )
  })

  it.each([[null], [[]], ['text'], [3]])('is refused when it is %j', (value) => {
    expect(() => planAudioEncoder(value, file)).toThrow(/is not a JSON object/)
  })
})
