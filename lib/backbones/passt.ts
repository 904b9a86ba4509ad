import { TensorShapes } from '../architectures/plan.js'
import type { TensorTable } from '../native/tensor-table.js'
import { type Architecture, type ArchitecturePlan, sizeIn } from './architecture.js'

const hop = 320
const maxDepth = 12
/** A file does not say how many there are. */
const heads = 12

/** Patches of 16 bands × 16 frames, 10 apart: of 128 bands, and of 10 s. */
const grid = { rows: 12, columns: 99 }

/** PaSST-S (Koutini et al. 2022, arXiv 2110.05069), patches overlapping by 6, for 10 s. */
export const passt: Architecture = {
  title: 'PaSST',
  published:
    'Published file: passt-s-f128-p16-s10-ap.476-swa.pt, release v0.0.1-audioset of kkoutini/PaSST.',
  recognises: (tensors) =>
    tensors.has('time_new_pos_embed') ||
    tensors.has('freq_new_pos_embed') ||
    tensors.has('head_dist.weight'),
  plan,
}

function plan(tensors: TensorTable): ArchitecturePlan {
  const depth = depthOf(tensors)
  return {
    archive: 'passt',
    sampleRate: 32_000,
    // 16 frames, the first sample going to the pre-emphasis.
    minSamples: 15 * hop + 1,
    attributes: { depth },
    tensors: shapes(tensors, depth),
    // A head that training alone has.
    ignored: /^head_dist\./,
  }
}

/** Blocks beyond those that the archive has are refused by their names. */
function depthOf(tensors: TensorTable): number {
  let depth = 0
  while (depth < maxDepth && tensors.has(`blocks.${depth}.norm1.weight`)) depth++
  return depth || maxDepth
}

function shapes(tensors: TensorTable, depth: number): Map<string, number[]> {
  const t = new TensorShapes()
  const width = Math.ceil(sizeIn(tensors, 'cls_token', 2, 768) / heads) * heads
  for (const token of ['cls_token', 'dist_token']) t.set(token, [1, 1, width])
  t.set('new_pos_embed', [1, 2, width])
  t.set('freq_new_pos_embed', [1, width, grid.rows, 1])
  t.set('time_new_pos_embed', [1, width, 1, grid.columns])
  t.set('patch_embed.proj.weight', [width, 1, 16, 16])
  t.set('patch_embed.proj.bias', [width])
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`
    const inner = sizeIn(tensors, `${block}.mlp.fc1.weight`, 0, 4 * width)
    t.norm(`${block}.norm1`, width)
    t.linear(`${block}.attn.qkv`, width, 3 * width)
    t.linear(`${block}.attn.proj`, width, width)
    t.norm(`${block}.norm2`, width)
    t.linear(`${block}.mlp.fc1`, width, inner)
    t.linear(`${block}.mlp.fc2`, inner, width)
  }
  t.norm('norm', width)
  t.norm('head.0', width)
  t.linear('head.1', width, sizeIn(tensors, 'head.1.weight', 0, 527))
  return t.map
}
