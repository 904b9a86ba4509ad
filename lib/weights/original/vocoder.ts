import { type Rename, renameAll, type Shapes } from './rename.js'

/** vocoder/config.json: the one HiFi-GAN that AudioLDM has, with widths off the weights. */
export function inferVocoder(shapes: Shapes) {
  return {
    architectures: ['SpeechT5HifiGan'],
    model_type: 'speecht5_hifigan',
    model_in_dim: shapes.size('conv_pre.weight', 1),
    sampling_rate: 16000,
    upsample_initial_channel: shapes.size('conv_pre.weight', 0),
    upsample_rates: [5, 4, 2, 2, 2],
    upsample_kernel_sizes: [16, 16, 8, 4, 4],
    resblock_kernel_sizes: [3, 7, 11],
    resblock_dilation_sizes: [
      [1, 3, 5],
      [1, 3, 5],
      [1, 3, 5],
    ],
    initializer_range: 0.01,
    leaky_relu_slope: 0.1,
    normalize_before: false,
  }
}

export type VocoderConfig = ReturnType<typeof inferVocoder>

export function renameVocoder(tensors: Map<string, number[]>): Rename[] {
  return renameAll(tensors, (name) => name.replace(/^upsampler\./, 'ups.'))
}
