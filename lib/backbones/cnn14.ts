import { TensorShapes } from '../architectures/plan.js'
import type { TensorTable } from '../native/tensor-table.js'
import { type Architecture, type ArchitecturePlan, sizeIn } from './architecture.js'

const realFilters = 'spectrogram_extractor.stft.conv_real.weight'
const imaginaryFilters = 'spectrogram_extractor.stft.conv_imag.weight'

/** Length of the DFT filters in a file → the front-end it was trained with. */
const frontEnds = new Map([
  [512, { sampleRate: 16000, hop: 160 }],
  [1024, { sampleRate: 32000, hop: 320 }],
])

const publishedWidths = [64, 128, 256, 512, 1024, 2048]

/** Five halvings in time leave one frame of 32. */
const MIN_FRAMES = 32

/**
 * CNN14 of PANNs (Kong et al. 2020, arXiv 1912.10211), 16 and 32 kHz. DFT filters and mel matrix
 * are tensors of the file and bound as they are, whatever they were made from.
 */
export const cnn14: Architecture = {
  title: 'CNN14',
  published:
    'Published files: Cnn14_16k_mAP=0.438.pth (16 kHz), Zenodo record 3987831; ' +
    'Cnn14_mAP=0.431.pth (32 kHz), Zenodo record 3576403.',
  recognises: (tensors) =>
    tensors.has(realFilters) ||
    tensors.has('fc_audioset.weight') ||
    tensors.has('conv_block1.conv1.weight'),
  plan,
}

function plan(tensors: TensorTable): ArchitecturePlan {
  const window = sizeIn(tensors, realFilters, 2, 512)
  const frontEnd = frontEnds.get(window)
  const hop = frontEnd?.hop ?? 160
  return {
    archive: 'cnn14',
    sampleRate: frontEnd?.sampleRate,
    minSamples: (MIN_FRAMES - 1) * hop,
    attributes: { hop },
    tensors: shapes(tensors, window),
    ignored: /(^|\.)num_batches_tracked$/,
  }
}

function shapes(tensors: TensorTable, window: number): Map<string, number[]> {
  const t = new TensorShapes()
  const bins = Math.floor(window / 2) + 1
  t.set(realFilters, [bins, 1, window])
  t.set(imaginaryFilters, [bins, 1, window])
  const mels = sizeIn(tensors, 'logmel_extractor.melW', 1, 64)
  t.set('logmel_extractor.melW', [bins, mels])
  batchNorm(t, 'bn0', mels)
  let channels = 1
  for (const [i, published] of publishedWidths.entries()) {
    const block = `conv_block${i + 1}`
    const width = sizeIn(tensors, `${block}.conv1.weight`, 0, published)
    t.set(`${block}.conv1.weight`, [width, channels, 3, 3])
    t.set(`${block}.conv2.weight`, [width, width, 3, 3])
    batchNorm(t, `${block}.bn1`, width)
    batchNorm(t, `${block}.bn2`, width)
    channels = width
  }
  const embedding = sizeIn(tensors, 'fc1.weight', 0, 2048)
  t.linear('fc1', channels, embedding)
  t.linear('fc_audioset', embedding, sizeIn(tensors, 'fc_audioset.weight', 0, 527))
  return t.map
}

function batchNorm(t: TensorShapes, name: string, width: number): void {
  t.norm(name, width)
  t.set(`${name}.running_mean`, [width])
  t.set(`${name}.running_var`, [width])
}
