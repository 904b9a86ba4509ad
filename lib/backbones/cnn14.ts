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
  recognises: (tensors) => isPanns(tensors) && !hasWavegram(tensors),
  plan,
}

/** Whether a file is of PANNs' convolutional networks. */
export function isPanns(tensors: TensorTable): boolean {
  const names = [realFilters, 'fc_audioset.weight', 'conv_block1.conv1.weight']
  return names.some((name) => tensors.has(name))
}

/** Whether its network also hears the waveform itself. */
export function hasWavegram(tensors: TensorTable): boolean {
  const names = ['pre_conv0.weight', 'pre_block1.conv1.weight', 'pre_block4.conv1.weight']
  return names.some((name) => tensors.has(name))
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
    ignored: batchCounts,
  }
}

function shapes(tensors: TensorTable, window: number): Map<string, number[]> {
  const t = new TensorShapes()
  frontEnd(t, window, sizeIn(tensors, 'logmel_extractor.melW', 1, 64))
  let channels = 1
  for (const [i, published] of publishedWidths.entries()) {
    channels = convBlock(t, tensors, `conv_block${i + 1}`, channels, published)
  }
  head(t, tensors, channels)
  return t.map
}

/** How many batches training saw: a batch norm's counter. */
export const batchCounts = /(^|\.)num_batches_tracked$/

/** Filters of the given length, and so many bands. */
export function frontEnd(t: TensorShapes, window: number, mels: number): void {
  const bins = Math.floor(window / 2) + 1
  t.set(realFilters, [bins, 1, window])
  t.set(imaginaryFilters, [bins, 1, window])
  t.set('logmel_extractor.melW', [bins, mels])
  batchNorm(t, 'bn0', mels)
}

/** Two convolutions; the result is how many channels they give. */
export function convBlock(
  t: TensorShapes,
  tensors: TensorTable,
  block: string,
  channels: number,
  published: number,
): number {
  const width = sizeIn(tensors, `${block}.conv1.weight`, 0, published)
  t.set(`${block}.conv1.weight`, [width, channels, 3, 3])
  t.set(`${block}.conv2.weight`, [width, width, 3, 3])
  batchNorm(t, `${block}.bn1`, width)
  batchNorm(t, `${block}.bn2`, width)
  return width
}

export function head(t: TensorShapes, tensors: TensorTable, channels: number): void {
  const embedding = sizeIn(tensors, 'fc1.weight', 0, 2048)
  t.linear('fc1', channels, embedding)
  t.linear('fc_audioset', embedding, sizeIn(tensors, 'fc_audioset.weight', 0, 527))
}

export function batchNorm(t: TensorShapes, name: string, width: number): void {
  t.norm(name, width)
  t.set(`${name}.running_mean`, [width])
  t.set(`${name}.running_var`, [width])
}
