import type { NativeModelSpec, NativePart } from '../native/binding.js'
import { archiveIn, nativePart, nativeWeight, structureIn } from '../native/part.js'
import type { Adapter } from '../weights/lora.js'
import type { FolderPartWeights, ModelFolder } from './model-folder.js'

export interface SpecOptions {
  /** 'cpu' or 'cuda:N'. */
  device: string
  dtype: NativeModelSpec['dtype']
  threads: number
  /** Where the weightless archives are. */
  archivesDir: string
  /** Merged into the UNet's weights. */
  adapters?: Adapter[]
}

/** What the native core needs to load the folder. */
export function toNativeSpec(folder: ModelFolder, options: SpecOptions): NativeModelSpec {
  const files = new Map<string, number>()
  const part = ({ plan, tensors }: FolderPartWeights): NativePart => {
    const archive = structureIn(options.archivesDir, plan)
    return nativePart(archive, plan.attributes, tensors, files)
  }
  const { geometry } = folder
  const parts = {
    unet: {
      ...part(folder.parts.unet),
      adapters: options.adapters?.map(({ target, down, up, scale }) => ({
        target,
        down: nativeWeight(`the adapter's down of ${target}`, down, files),
        up: nativeWeight(`the adapter's up of ${target}`, up, files),
        scale,
      })),
    },
    vae_encoder: part(folder.parts.vae_encoder),
    vae_decoder: part(folder.parts.vae_decoder),
    vocoder: part(folder.parts.vocoder),
    text_encoder: part(folder.parts.text_encoder),
    mel_spectrogram: nativePart(
      archiveIn(options.archivesDir, 'mel_spectrogram'),
      { hop: geometry.hop, num_mels: geometry.numMel, sample_rate: folder.info.sampleRate },
      new Map(),
      files,
    ),
    ...(folder.parts.audio_encoder && { audio_encoder: part(folder.parts.audio_encoder) }),
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
