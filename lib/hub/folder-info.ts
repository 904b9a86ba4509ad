import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import type { TensorTable } from '../native/tensor-table.js'
import type { FolderIndex } from './folder-index.js'
import type {
  FolderInfo,
  FolderPartInfo,
  ModelGeometry,
  PartFiles,
  Plans,
  WeightParts,
} from './model-folder.js'

export async function describe(
  dir: string,
  index: FolderIndex,
  plans: Plans,
  geometry: ModelGeometry,
  weights: Record<WeightParts, PartFiles> & { audio_encoder?: PartFiles },
): Promise<FolderInfo> {
  const parts = {} as FolderInfo['parts']
  for (const part of ['unet', 'vae', 'vocoder', 'text_encoder'] as const) {
    parts[part] = await describePart(dir, index.classes[part], weights[part])
  }
  if (weights.audio_encoder) {
    const className = 'ClapAudioModelWithProjection'
    parts.audio_encoder = await describePart(dir, className, weights.audio_encoder)
  }
  const all = Object.values(parts)
  const { unet, vae, vocoder, text, scheduler } = plans
  const melRate = vocoder.samplingRate / geometry.hop
  const defaultFrames = unet.sampleSize * geometry.vaeFactor
  return {
    path: dir,
    class: 'AudioLDMPipeline',
    randomWeights: index.randomWeights,
    sampleRate: vocoder.samplingRate,
    defaultDurationSeconds: defaultFrames / melRate,
    parameters: all.reduce((sum, part) => sum + part.parameters, 0),
    bytes: all.flatMap((part) => part.files).reduce((sum, file) => sum + file.bytes, 0),
    audioEncoder: weights.audio_encoder !== undefined,
    latents: {
      channels: geometry.latentChannels,
      bins: geometry.latentBins,
      framesPerSecond: melRate / geometry.vaeFactor,
      scalingFactor: vae.scalingFactor,
    },
    mel: { bins: geometry.numMel, framesPerSecond: melRate },
    text: {
      tokens: text.maxTokens,
      vocabulary: text.vocabSize,
      embedding: text.projectionWidth,
    },
    schedule: {
      class: scheduler.className,
      timesteps: scheduler.trainTimesteps,
      spacing: scheduler.timestepSpacing ?? null,
    },
    unet: { widths: unet.widths, heads: unet.heads, layersPerBlock: unet.layersPerBlock },
    parts,
  }
}

async function describePart(
  dir: string,
  className: string,
  { tensors, files }: PartFiles,
): Promise<FolderPartInfo> {
  const sizes = files.map(async (file) => ({
    path: relative(dir, file),
    bytes: (await stat(file)).size,
  }))
  return {
    class: className,
    parameters: countParameters(tensors),
    dtypes: commonestTypes(tensors),
    files: await Promise.all(sizes),
  }
}

function countParameters(tensors: TensorTable): number {
  let count = 0
  for (const { shape } of tensors.values()) count += shape.reduce((product, n) => product * n, 1)
  return count
}

function commonestTypes(tensors: TensorTable): string[] {
  const counts = new Map<string, number>()
  for (const { dtype } of tensors.values()) counts.set(dtype, (counts.get(dtype) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1]).map(([dtype]) => dtype)
}
