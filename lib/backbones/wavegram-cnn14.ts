import { TensorShapes } from '../architectures/plan.js'
import type { TensorTable } from '../native/tensor-table.js'
import { type Architecture, type ArchitecturePlan, sizeIn } from './architecture.js'
import { batchCounts, batchNorm, convBlock, frontEnd, hasWavegram, head, isPanns } from './cnn14.js'

const sampleRate = 32_000
const window = 1024
const hop = 320
const bands = 64

/** Of CNN14's blocks after the first, which hear both images. */
const publishedWidths = [128, 256, 512, 1024, 2048]

/**
 * Wavegram-Logmel-CNN14 of PANNs (Kong et al. 2020, arXiv 1912.10211): CNN14 with a second image,
 * which convolutions make of the waveform.
 */
export const wavegramCnn14: Architecture = {
  title: 'Wavegram-Logmel-CNN14',
  published: 'Published file: Wavegram_Logmel_Cnn14_mAP=0.439.pth, Zenodo record 3987831.',
  recognises: (tensors) => isPanns(tensors) && hasWavegram(tensors),
  plan,
}

function plan(tensors: TensorTable): ArchitecturePlan {
  return {
    archive: 'wavegram_cnn14',
    sampleRate,
    // Five halvings in time leave one column of 32 hops.
    minSamples: 32 * hop,
    attributes: {},
    tensors: shapes(tensors),
    ignored: batchCounts,
  }
}

function shapes(tensors: TensorTable): Map<string, number[]> {
  const t = new TensorShapes()
  const first = sizeIn(tensors, 'pre_conv0.weight', 0, 64)
  t.set('pre_conv0.weight', [first, 1, 11])
  batchNorm(t, 'pre_bn0', first)
  const images = sizeIn(tensors, 'pre_block4.conv1.weight', 1, 4)
  const middle = sizeIn(tensors, 'pre_block2.conv1.weight', 0, 128)
  waveBlock(t, 'pre_block1', first, sizeIn(tensors, 'pre_block1.conv1.weight', 0, 64))
  waveBlock(t, 'pre_block2', sizeIn(tensors, 'pre_block1.conv1.weight', 0, 64), middle)
  // Its channels become the bands of images, after the spectrogram's first pooling.
  waveBlock(t, 'pre_block3', middle, (images * bands) / 2)
  const heard = convBlock(t, tensors, 'pre_block4', images, 64)
  frontEnd(t, window, bands)
  let channels = heard + convBlock(t, tensors, 'conv_block1', 1, 64)
  for (const [i, published] of publishedWidths.entries()) {
    channels = convBlock(t, tensors, `conv_block${i + 2}`, channels, published)
  }
  head(t, tensors, channels)
  return t.map
}

function waveBlock(t: TensorShapes, block: string, inputs: number, width: number): void {
  t.set(`${block}.conv1.weight`, [width, inputs, 3])
  t.set(`${block}.conv2.weight`, [width, width, 3])
  batchNorm(t, `${block}.bn1`, width)
  batchNorm(t, `${block}.bn2`, width)
}
