/** What a model makes of sounds: CLAP's embedding, the mel spectrogram, the autoencoder's latents. */
import { clapRate, clapSeconds, clapWaveform } from '../audio/clap-waveform.js'
import type { ClipSource } from '../audio/clip-source.js'
import type { DecodedAudio } from '../audio/decoded-audio.js'
import type { SourceReader } from '../audio/source.js'
import { fitLength, trainingWaveform } from '../audio/training-waveform.js'
import { AudioError, InvalidModelError } from '../errors.js'
import type { ModelFolder } from '../hub/model-folder.js'
import { joinArrays } from '../join-arrays.js'
import type { NativeModel, NativeTensor } from '../native/binding.js'
import type { NativeCore } from '../native/load.js'
import { runNative } from '../native/run.js'
import { windowsFor } from './windows.js'

/** What of a loaded model hears and encodes. */
export interface Encoders {
  readonly info: { readonly path: string; readonly sampleRate: number }
  readonly folder: ModelFolder
  readonly native: NativeModel
  readonly core: NativeCore
  readonly sounds: SourceReader
}

/** Of sounds that are generated, and of those that are encoded. */
export const longestSeconds = 300

/** Sounds embedded with one call of the core: 31 MB of samples. */
const soundsAtOnce = 16

/** @throws InvalidModelError for a model that cannot hear. */
export function requireAudioEncoder(model: Encoders, what: string): void {
  if (model.folder.parts.audio_encoder) return
  throw new InvalidModelError(
    `${model.info.path}: ${what} needs CLAP's audio tower, and the folder has no audio_encoder/`,
    'Folders of the hub lack it, original checkpoints hold it: audioldm import writes it.',
  )
}

/** [sounds, 512], L2-normalised. */
export async function embedSource(
  model: Encoders,
  sources: ClipSource[],
  signal?: AbortSignal,
): Promise<NativeTensor> {
  requireAudioEncoder(model, 'embedding audio')
  const rows: Float32Array[] = []
  for (let i = 0; i < sources.length; i += soundsAtOnce) {
    const group = sources.slice(i, i + soundsAtOnce)
    rows.push(await embedGroup(model, group, signal))
  }
  const all = joinArrays(rows)
  return model.core.core.NativeTensor.from(all, [sources.length, all.length / sources.length])
}

async function embedGroup(
  model: Encoders,
  sources: ClipSource[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const waveforms: Float32Array[] = []
  for (const source of sources) {
    const audio = await model.sounds.read(source, signal)
    const name = source.path
    const options = { rate: clapRate, removeMean: false, seconds: clapSeconds, name, signal }
    waveforms.push(clapWaveform(await model.sounds.waveform(audio, options)))
  }
  const shape = [waveforms.length, clapRate * clapSeconds]
  const [embeddings] = await withTensor(model, joinArrays(waveforms), shape, (input) =>
    runNative((onEvent) => model.native.embedAudio(input, onEvent), signal),
  )
  const data = embeddings.data() as Float32Array
  embeddings.dispose()
  return data
}

/** Log-mel [1, frames, bands] of a whole sound. */
export async function melOfSource(
  model: Encoders,
  source: ClipSource,
  signal?: AbortSignal,
): Promise<NativeTensor> {
  const samples = await wholeSound(model, source, signal)
  const { hop } = model.folder.geometry
  const length = Math.ceil(samples.length / hop) * hop
  const [mel] = await withTensor(model, fitLength(samples, length), [1, length], (input) =>
    runNative((onEvent) => model.native.melSpectrogram(input, onEvent), signal),
  )
  return mel
}

/** Latents [1, channels, frames, bins] of a whole sound. */
export async function encodeSource(
  model: Encoders,
  source: ClipSource,
  { seed, signal }: { seed?: number | bigint; signal?: AbortSignal },
): Promise<NativeTensor> {
  const samples = await wholeSound(model, source, signal)
  const { hop, vaeFactor } = model.folder.geometry
  const frames = Math.ceil(samples.length / (hop * vaeFactor))
  const windows = windowsFor(model.folder.geometry, model.info.sampleRate, frames)
  return encodeWaveform(model, samples, frames, { seed, windows, signal })
}

/** Its samples as in training. */
async function wholeSound(
  model: Encoders,
  source: ClipSource,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const audio = await model.sounds.read(source, signal)
  if (audio.channels[0].length > longestSeconds * audio.sampleRate) {
    const seconds = (audio.channels[0].length / audio.sampleRate).toFixed(1)
    throw new AudioError(`${source.path} is ${seconds} s long, more than ${longestSeconds} s`, {
      hint: 'Encode it in parts.',
    })
  }
  return (await trainingSamples(model, audio, { name: source.path, signal })).samples
}

/** Samples at the model's rate as in training. */
export async function trainingSamples(
  model: Encoders,
  audio: DecodedAudio,
  options: { name: string; seconds?: number; signal?: AbortSignal },
): Promise<ReturnType<typeof trainingWaveform>> {
  const training = { rate: model.info.sampleRate, removeMean: true }
  return trainingWaveform(await model.sounds.waveform(audio, { ...training, ...options }))
}

/** Latents [1, channels, latentFrames, bins] of samples, which zeros follow. */
export async function encodeWaveform(
  model: Encoders,
  samples: Float32Array,
  latentFrames: number,
  options: {
    seed?: number | bigint
    windows: ReturnType<typeof windowsFor>
    signal?: AbortSignal
  },
): Promise<NativeTensor> {
  const { hop, vaeFactor } = model.folder.geometry
  const length = latentFrames * hop * vaeFactor
  const { seed, windows, signal } = options
  const request = { seeds: seed === undefined ? null : [BigInt(seed)], windows }
  const [latents] = await withTensor(model, fitLength(samples, length), [1, length], (input) =>
    runNative((onEvent) => model.native.encodeAudio(input, request, onEvent), signal),
  )
  return latents
}

async function withTensor(
  model: Encoders,
  data: Float32Array,
  shape: number[],
  use: (tensor: NativeTensor) => Promise<{ tensors: NativeTensor[] }>,
): Promise<NativeTensor[]> {
  const tensor = model.core.core.NativeTensor.from(data, shape)
  try {
    return (await use(tensor)).tensors
  } finally {
    tensor.dispose()
  }
}
