import type { NativeModelSpec, NativePart, PartName } from '../native/binding.js'
import { archiveIn, nativePart } from '../native/part.js'
import type { ModelFolder } from './folder.js'

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
  const part = (name: PartName): NativePart => {
    const { plan, tensors } = folder.parts[name]
    const archive = archiveIn(options.archivesDir, plan.archive)
    return nativePart(archive, plan.attributes, tensors, files)
  }
  const { geometry } = folder
  const parts = {
    unet: part('unet'),
    vae_encoder: part('vae_encoder'),
    vae_decoder: part('vae_decoder'),
    vocoder: part('vocoder'),
    text_encoder: part('text_encoder'),
    mel_spectrogram: nativePart(
      archiveIn(options.archivesDir, 'mel_spectrogram'),
      { hop: geometry.hop, num_mels: geometry.numMel },
      new Map(),
      files,
    ),
  }
  return {
    device: options.device,
    dtype: options.dtype,
    threads: options.threads,
    files: [...files.keys()],
    parts,
    scalingFactor: geometry.scalingFactor,
    latentChannels: geometry.latentChannels,
    latentBins: geometry.latentBins,
    vaeFactor: geometry.vaeFactor,
    alphasCumprod: folder.alphasCumprod,
    vocoderHop: geometry.hop,
    vocoderTail: geometry.tail,
    vocoderContext: geometry.context,
  }
}
