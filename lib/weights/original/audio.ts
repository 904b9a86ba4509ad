import type { TensorBytes } from '../safetensors-writer.js'
import { type Rename, renameAll, type Shapes, third } from './rename.js'

/** audio_encoder/config.json for these weights: the HTSAT tower of CLAP as transformers has it. */
export function inferAudio(shapes: Shapes) {
  const block = (stage: number, index: number) => `audio_branch.layers.${stage}.blocks.${index}`
  const stages = shapes.count((s) => `${block(s, 0)}.attn.qkv.weight`)
  const depths = Array.from({ length: stages }, (_, s) =>
    shapes.count((b) => `${block(s, b)}.attn.qkv.weight`),
  )
  const table = `${block(0, 0)}.attn.relative_position_bias_table`
  const width = shapes.size('audio_branch.patch_embed.proj.weight', 0)
  return {
    architectures: ['ClapAudioModelWithProjection'],
    model_type: 'clap_audio_model',
    // The table has a row for every offset within a window: (2w − 1)².
    window_size: (Math.sqrt(shapes.size(table, 0)) + 1) / 2,
    num_mel_bins: shapes.size('audio_branch.bn0.weight', 0),
    spec_size: 256,
    hidden_act: 'gelu',
    patch_size: shapes.size('audio_branch.patch_embed.proj.weight', 2),
    patch_stride: [4, 4],
    num_classes: 527,
    hidden_size: width * 2 ** Math.max(stages - 1, 0),
    projection_dim: shapes.size('audio_projection.2.weight', 0),
    depths,
    num_attention_heads: depths.map((_, s) =>
      shapes.size(`${block(s, 0)}.attn.relative_position_bias_table`, 1),
    ),
    enable_fusion: false,
    fusion_type: null,
    patch_embed_input_channels: 1,
    flatten_patch_embeds: true,
    patch_embeds_hidden_size: width,
    enable_patch_layer_norm: true,
    drop_path_rate: 0.0,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.0,
    qkv_bias: true,
    mlp_ratio: shapes.size(`${block(0, 0)}.mlp.fc1.weight`, 0) / (width || 1),
    num_hidden_layers: stages,
    projection_hidden_act: 'relu',
    layer_norm_eps: 1e-5,
    initializer_factor: 1.0,
  }
}

export type AudioConfig = ReturnType<typeof inferAudio>

/** audio_encoder/preprocessor_config.json, without which transformers assumes other features. */
export function featureExtractor({ num_mel_bins }: AudioConfig) {
  return {
    feature_extractor_type: 'ClapFeatureExtractor',
    feature_size: num_mel_bins,
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
}

const rules: [RegExp, string][] = [
  [/^audio_model\.audio_encoder\./, 'audio_branch.'],
  [/^audio_branch\.batch_norm/, 'audio_branch.bn0'],
  [/\.attention\.self\.(query|key|value)\./, '.attn.qkv.'],
  [/\.attention\.self\.relative/, '.attn.relative'],
  [/\.attention\.output\.dense/, '.attn.proj'],
  [/\.intermediate\.dense/, '.mlp.fc1'],
  [/(\.blocks\.\d+)\.output\.dense/, '$1.mlp.fc2'],
  [/\.layernorm_before/, '.norm1'],
  [/\.layernorm_after/, '.norm2'],
  [/^audio_projection\.linear1/, 'audio_projection.0'],
  [/^audio_projection\.linear2/, 'audio_projection.2'],
]

/** `tensors`: those of ClapAudioModelWithProjection, less the buffers it computes itself. */
export function renameAudio(tensors: Map<string, number[]>): Rename[] {
  const renames = renameAll(tensors, (name) =>
    rules.reduce((text, [pattern, to]) => text.replace(pattern, to), name),
  )
  return renames.map((rename) => {
    const part = /attention\.self\.(query|key|value)\./.exec(rename.to)?.[1]
    if (!part) return rename
    const [rows, ...rest] = rename.shape
    const index = ['query', 'key', 'value'].indexOf(part)
    return { ...rename, shape: [3 * rows, ...rest], view: third(index) }
  })
}

/** Buffers that transformers computes too, but reports as missing where a file lacks them. */
export function audioBuffers(config: AudioConfig): [string, TensorBytes][] {
  const encoder = 'audio_model.audio_encoder'
  const index = relativePositions(config.window_size)
  const buffers: [string, TensorBytes][] = config.depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, b): [string, TensorBytes] => [
      `${encoder}.layers.${stage}.blocks.${b}.attention.self.relative_position_index`,
      index,
    ]),
  )
  const batches = new BigInt64Array(1)
  const counter: TensorBytes = { dtype: 'int64', shape: [], data: batches }
  return [...buffers, [`${encoder}.batch_norm.num_batches_tracked`, counter]]
}

/** Row of the bias table for every pair of places in a window: by offset in y, then in x. */
function relativePositions(window: number): TensorBytes {
  const places = window * window
  const data = new BigInt64Array(places * places)
  for (let i = 0; i < places; i++) {
    for (let j = 0; j < places; j++) {
      const dy = Math.floor(i / window) - Math.floor(j / window) + window - 1
      const dx = (i % window) - (j % window) + window - 1
      data[i * places + j] = BigInt(dy * (2 * window - 1) + dx)
    }
  }
  return { dtype: 'int64', shape: [places, places], data }
}
