import { z } from 'zod'
import type { Json } from '../files/json.js'
import { checkConfig, int, number, only, refuse } from './config.js'
import { type PartPlan, TensorShapes } from './plan.js'

export interface TextEncoderPlan extends PartPlan {
  archive: 'text_encoder'
  vocabSize: number
  projectionWidth: number
  /** Longest prompt in tokens, begin and end included: what the position embeddings hold. */
  maxTokens: number
  padTokenId: number
}

/** The fields of ClapTextConfig that change what it computes, with transformers' defaults. */
const schema = z.object({
  model_type: only('clap_text_model').default('clap_text_model'),
  vocab_size: int(4, 1_000_000).default(50265),
  hidden_size: int(1, 8192).default(768),
  num_hidden_layers: int(1, 24).default(12),
  num_attention_heads: int(1, 1024).default(12),
  intermediate_size: int(1, 65536).default(3072),
  hidden_act: only('gelu').default('gelu'),
  max_position_embeddings: int(4, 65536).default(514),
  type_vocab_size: int(1, 64).default(1),
  layer_norm_eps: number(1e-15, 1).default(1e-12),
  projection_dim: int(1, 8192).default(512),
  projection_hidden_act: only('relu').default('relu'),
  pad_token_id: int(0, 999_999).default(1),
  // Written by older versions of transformers.
  position_embedding_type: only('absolute').default('absolute'),
  is_decoder: only(false).default(false),
  add_cross_attention: only(false).default(false),
})

/** What text_encoder/config.json asks for. Throws an InvalidModelError for what no archive covers. */
export function planTextEncoder(config: Json, file: string): TextEncoderPlan {
  const c = checkConfig(file, schema, config)
  if (c.hidden_size % c.num_attention_heads !== 0) {
    const expected = `expected a divisor of hidden_size (${c.hidden_size})`
    refuse(file, 'num_attention_heads', c.num_attention_heads, expected)
  }
  if (c.pad_token_id >= c.vocab_size) {
    refuse(file, 'pad_token_id', c.pad_token_id, `expected less than vocab_size (${c.vocab_size})`)
  }
  // RoBERTa numbers positions from pad_token_id + 1.
  const positions = c.max_position_embeddings - c.pad_token_id - 1
  if (positions < 3) {
    refuse(
      file,
      'max_position_embeddings',
      c.max_position_embeddings,
      `expected at least ${c.pad_token_id + 4}: positions begin at pad_token_id + 1`,
    )
  }
  return {
    archive: 'text_encoder',
    attributes: {
      num_layers: c.num_hidden_layers,
      heads: c.num_attention_heads,
      layer_norm_eps: c.layer_norm_eps,
      pad_token_id: c.pad_token_id,
    },
    tensors: shapes(c),
    optional: new Set(['position_ids', 'token_type_ids'].map((n) => `text_model.embeddings.${n}`)),
    vocabSize: c.vocab_size,
    projectionWidth: c.projection_dim,
    maxTokens: Math.min(512, positions),
    padTokenId: c.pad_token_id,
  }
}

function shapes(c: z.output<typeof schema>): Map<string, number[]> {
  const t = new TensorShapes()
  const width = c.hidden_size
  const embeddings = 'text_model.embeddings'
  t.set(`${embeddings}.word_embeddings.weight`, [c.vocab_size, width])
  t.set(`${embeddings}.position_embeddings.weight`, [c.max_position_embeddings, width])
  t.set(`${embeddings}.token_type_embeddings.weight`, [c.type_vocab_size, width])
  t.norm(`${embeddings}.LayerNorm`, width)
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const layer = `text_model.encoder.layer.${i}`
    for (const name of ['query', 'key', 'value']) {
      t.linear(`${layer}.attention.self.${name}`, width, width)
    }
    t.linear(`${layer}.attention.output.dense`, width, width)
    t.norm(`${layer}.attention.output.LayerNorm`, width)
    t.linear(`${layer}.intermediate.dense`, width, c.intermediate_size)
    t.linear(`${layer}.output.dense`, c.intermediate_size, width)
    t.norm(`${layer}.output.LayerNorm`, width)
  }
  t.linear('text_model.pooler.dense', width, width)
  t.linear('text_projection.linear1', width, c.projection_dim)
  t.linear('text_projection.linear2', c.projection_dim, c.projection_dim)
  return t.map
}
