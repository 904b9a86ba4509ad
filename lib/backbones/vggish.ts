import { TensorShapes } from '../architectures/plan.js'
import type { TensorTable } from '../native/tensor-table.js'
import { type Architecture, type ArchitecturePlan, sizeIn } from './architecture.js'

/** Index of each convolution in `features` and its published width. */
const convolutions: [index: number, width: number][] = [
  [0, 64],
  [3, 128],
  [6, 256],
  [8, 256],
  [11, 512],
  [13, 512],
]
const linears: [index: number, width: number][] = [
  [0, 4096],
  [2, 4096],
  [4, 128],
]

/** Positions that four poolings leave of a patch of 96 frames × 64 bands. */
const POSITIONS = 6 * 4

/** Samples of one patch: 96 frames of 400 samples, 160 apart. */
const PATCH_SAMPLES = 400 + 95 * 160

/** VGGish (Hershey et al. 2017, arXiv 1609.09430) in the layout of torchvggish. */
export const vggish: Architecture = {
  title: 'VGGish',
  published: 'Published file: vggish-10086976.pth, release v0.1 of harritaylor/torchvggish.',
  recognises: (tensors) => tensors.has('embeddings.0.weight') || tensors.has('features.13.weight'),
  plan,
}

function plan(tensors: TensorTable): ArchitecturePlan {
  return {
    archive: 'vggish',
    sampleRate: 16000,
    minSamples: PATCH_SAMPLES,
    attributes: {},
    tensors: shapes(tensors),
    // Post-processing of a whole torchvggish model; PCA parameters are a file of their own.
    ignored: /^pproc\./,
  }
}

function shapes(tensors: TensorTable): Map<string, number[]> {
  const t = new TensorShapes()
  let channels = 1
  for (const [index, published] of convolutions) {
    const width = sizeIn(tensors, `features.${index}.weight`, 0, published)
    t.conv2d(`features.${index}`, channels, width, 3)
    channels = width
  }
  let inputs = POSITIONS * channels
  for (const [index, published] of linears) {
    const width = sizeIn(tensors, `embeddings.${index}.weight`, 0, published)
    t.linear(`embeddings.${index}`, inputs, width)
    inputs = width
  }
  return t.map
}
