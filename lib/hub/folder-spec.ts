import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NativeLoadError } from '../errors.js'
import type { NativeModelSpec, NativePart, PartName } from '../native/binding.js'
import type { FolderPartWeights, ModelFolder } from './folder.js'

export interface SpecOptions {
  /** 'cpu' or 'cuda:N'. */
  device: string
  dtype: NativeModelSpec['dtype']
  threads: number
  /** Where the weightless archives are. */
  archivesDir: string
}

/** What the native core needs to load the folder. */
export function toNativeSpec(folder: ModelFolder, options: SpecOptions): NativeModelSpec {
  const files = new Map<string, number>()
  const part = (name: PartName): NativePart =>
    nativePart(folder.parts[name], options.archivesDir, files)
  const parts = {
    unet: part('unet'),
    vae_encoder: part('vae_encoder'),
    vae_decoder: part('vae_decoder'),
    vocoder: part('vocoder'),
    text_encoder: part('text_encoder'),
  }
  const { geometry } = folder
  return {
    device: options.device,
    dtype: options.dtype,
    threads: options.threads,
    files: [...files.keys()],
    parts,
    scalingFactor: geometry.scalingFactor,
    latentChannels: geometry.latentChannels,
    latentBins: geometry.latentBins,
    alphasCumprod: folder.alphasCumprod,
    vocoderHop: geometry.hop,
    vocoderTail: geometry.tail,
    vocoderContext: geometry.context,
  }
}

function nativePart(
  { plan, tensors }: FolderPartWeights,
  archivesDir: string,
  files: Map<string, number>,
): NativePart {
  const archive = join(archivesDir, `${plan.archive}.pt`)
  if (!existsSync(archive)) {
    const hint = 'The package is incomplete. In a checkout, build the archives with: npm run setup'
    throw new NativeLoadError('ADDON_NOT_BUILT', `there is no archive ${archive}`, [], hint)
  }
  const weights = [...tensors].map(([name, source]) => {
    const { file, ...where } = source
    if (!files.has(file)) files.set(file, files.size)
    return { name, file: files.get(file) as number, ...where }
  })
  return { archive, attributes: plan.attributes, weights }
}
