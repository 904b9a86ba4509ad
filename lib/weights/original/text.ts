import type { TensorBytes } from '../safetensors-writer.js'
import { type Rename, renameAll, type Shapes } from './rename.js'

const ROBERTA_HEAD_WIDTH = 64

/** text_encoder/config.json for these weights. */
export function inferText(shapes: Shapes) {
  const embeddings = 'text_branch.embeddings'
  const width = shapes.size(`${embeddings}.word_embeddings.weight`, 1)
  return {
    architectures: ['ClapTextModelWithProjection'],
    model_type: 'clap_text_model',
    vocab_size: shapes.size(`${embeddings}.word_embeddings.weight`, 0),
    hidden_size: width,
    num_hidden_layers: shapes.count(
      (i) => `text_branch.encoder.layer.${i}.attention.self.query.weight`,
    ),
    num_attention_heads: Math.ceil(width / ROBERTA_HEAD_WIDTH),
    intermediate_size: shapes.size('text_branch.encoder.layer.0.intermediate.dense.weight', 0),
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    max_position_embeddings: shapes.size(`${embeddings}.position_embeddings.weight`, 0),
    type_vocab_size: shapes.size(`${embeddings}.token_type_embeddings.weight`, 0),
    initializer_factor: 1.0,
    // RoBERTa's; the default of transformers for CLAP, 1e-12, moves the embedding by up to 5e-4.
    layer_norm_eps: 1e-5,
    projection_dim: shapes.size('text_projection.2.weight', 0),
    projection_hidden_act: 'relu',
    pad_token_id: 1,
    bos_token_id: 0,
    eos_token_id: 2,
  }
}

export function renameText(tensors: Map<string, number[]>): Rename[] {
  return renameAll(tensors, (name) =>
    name
      .replace(/^text_model\./, 'text_branch.')
      .replace(/^text_projection\.linear1/, 'text_projection.0')
      .replace(/^text_projection\.linear2/, 'text_projection.2'),
  )
}

/** Buffers that transformers computes too, but reports as missing where a file lacks them. */
export function textBuffers(positions: number): [string, TensorBytes][] {
  const buffer = (name: string, value: (i: number) => bigint): [string, TensorBytes] => [
    `text_model.embeddings.${name}`,
    {
      dtype: 'int64',
      shape: [1, positions],
      data: BigInt64Array.from({ length: positions }, (_, i) => value(i)),
    },
  ]
  return [buffer('position_ids', (i) => BigInt(i)), buffer('token_type_ids', () => 0n)]
}
