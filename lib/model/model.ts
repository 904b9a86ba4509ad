import { z } from 'zod'
import { Audio } from '../audio/audio.js'
import { type AudioInput, audioSource, SourceReader } from '../audio/source.js'
import {
  AbortError,
  type AudioLDMError,
  DisposedError,
  EngineError,
  InvalidOptionError,
} from '../errors.js'
import { archivesDir, defaultModelDir } from '../files/paths.js'
import { readModelFolder } from '../hub/folder.js'
import { toNativeSpec } from '../hub/folder-spec.js'
import type { ModelFolder } from '../hub/model-folder.js'
import { resolveModel } from '../hub/resolve.js'
import type { NativeError, NativeModel } from '../native/binding.js'
import {
  arithmeticOf,
  type ComputeDType,
  chooseDevice,
  chooseDType,
  defaultThreads,
} from '../native/device.js'
import { loadNative, type NativeCore } from '../native/load.js'
import { disposeNative, fromNative, loadNativeObject, runNative } from '../native/run.js'
import {
  abortSignal,
  expecting,
  integerIn,
  numberIn,
  parseOptions,
  seedOption,
  show,
} from '../options.js'
import { Tensor } from '../tensor.js'
import { type ClapTokenizer, loadTokenizer } from '../tokenizer/tokenizer.js'
import { readLora } from '../weights/lora.js'
import { embedSource, encodeSource, melOfSource } from './encode.js'
import { windowsFor } from './windows.js'

export interface LoadModelOptions {
  /** 'auto' (default: CUDA where it works, else the CPU), 'cpu', 'cuda' or 'cuda:N'. */
  device?: string
  /** 'auto' (default: float16 on CUDA, bfloat16 on CPUs with hardware for it, else float32). */
  dtype?: 'auto' | ComputeDType
  /** CPU threads for this model's operators; default: all processors this process may use. */
  threads?: number
  /**
   * Adapters of the UNet (LoRA), merged into its weights: a file in the layout of diffusers or peft,
   * or the folder that holds it, such as `adapter/` of a checkpoint.
   */
  lora?: string
  /** How strong the adapters are, −16 … 16; default 1: as they were trained. */
  loraScale?: number
  /** Where libtorch is, before any other place is looked at. */
  libtorchPath?: string
  signal?: AbortSignal
  onProgress?: (progress: LoadProgress) => void
}

export interface LoadProgress {
  stage: 'files' | 'libtorch' | 'weights' | 'ready'
}

export interface ModelInfo {
  /** The folder it was loaded from. */
  path: string
  device: string
  /** Of the weights. */
  dtype: ComputeDType
  /** What is computed in: `dtype`, or float32 on a CPU that does not multiply bfloat16. */
  arithmetic: ComputeDType
  threads: number
  /** Samples per second of what it generates, Hz. */
  sampleRate: number
  parameters: number
  /** The weights are random: a test model, whose sound means nothing. */
  randomWeights: boolean
  /** Adapters that are merged into its UNet, or null. */
  lora: { path: string; scale: number } | null
  libtorch: string
}

export interface EncodeAudioOptions {
  /**
   * Draws from the posterior of the autoencoder with this seed, 0 … 2^64 − 1; default: no draw, its
   * mean.
   */
  seed?: number | bigint
  signal?: AbortSignal
}

const embedSchema = z.strictObject({ signal: abortSignal.optional() })
const encodeSchema = embedSchema.extend({ seed: seedOption.optional() })

const deviceForm = expecting('auto, cpu, cuda or cuda:N')
const loadSchema = z.strictObject({
  device: z
    .string(deviceForm)
    .regex(/^(auto|cpu|cuda(:\d{1,3})?)$/, deviceForm)
    .default('auto'),
  dtype: z
    .enum(
      ['auto', 'float32', 'bfloat16', 'float16'],
      expecting('auto, float32, bfloat16 or float16'),
    )
    .default('auto'),
  threads: integerIn(1, 1024).optional(),
  lora: z
    .string(expecting('a file or a folder'))
    .min(1, expecting('a file or a folder'))
    .optional(),
  loraScale: numberIn(-16, 16).optional(),
  libtorchPath: z.string(expecting('a folder')).optional(),
  signal: abortSignal.optional(),
  onProgress: z
    .custom<(p: LoadProgress) => void>((f) => typeof f === 'function', expecting('a function'))
    .optional(),
})

/**
 * Loads a model: a folder in diffusers' layout, a hub id that was pulled before, or, without a
 * source, the model that comes with the package. Every file is checked before the core sees it.
 * @throws InvalidOptionError, InvalidModelError, InvalidWeightsError, HubError, NativeLoadError,
 * DeviceUnavailableError, AbortError
 */
export async function loadModel(source?: string, options: LoadModelOptions = {}): Promise<Model> {
  const { signal, ...wanted } = parseOptions(loadSchema, options)
  if (source !== undefined && (typeof source !== 'string' || source === '')) {
    throw new InvalidOptionError('source', `expected a folder or a hub id, got ${show(source)}`)
  }
  if (wanted.loraScale !== undefined && wanted.lora === undefined) {
    throw new InvalidOptionError('loraScale', 'needs the adapters, given as lora')
  }
  const progress = wanted.onProgress ?? (() => {})
  const stage = (name: LoadProgress['stage']) => {
    throwIfAborted(signal)
    progress({ stage: name })
    throwIfAborted(signal)
  }

  stage('files')
  const dir = source === undefined ? defaultModelDir() : await resolveModel(source)
  const folder = await readModelFolder(dir)
  const lora =
    wanted.lora === undefined ? null : { path: wanted.lora, scale: wanted.loraScale ?? 1 }
  const adapters = lora && (await readLora(lora.path, folder.parts.unet.plan.tensors))

  stage('libtorch')
  const native = loadNative({ libtorchPath: wanted.libtorchPath, cuda: wanted.device !== 'cpu' })
  const device = chooseDevice(native, wanted.device)
  const dtype = chooseDType(native, device, wanted.dtype)
  const threads = wanted.threads ?? defaultThreads()

  stage('weights')
  const spec = toNativeSpec(folder, {
    device,
    dtype,
    threads,
    archivesDir: archivesDir(),
    adapters: adapters?.map((one) => ({ ...one, scale: one.scale * (lora?.scale ?? 1) })),
  })
  const loading = loadNativeObject(
    (onLoaded) => new native.core.NativeModel(spec, onLoaded),
    signal,
    loadFailure,
  )
  // Its failure is looked at below, after that of the tokenizer.
  loading.catch(() => {})
  // On this thread while the engine loads on its own.
  const tokenizer = await loadTokenizer(folder.tokenizerDir, folder.tokenizerLimits).catch(
    async (error) => {
      await loading.then(disposeNative, () => {})
      throw error
    },
  )
  const handle = await loading
  const model = new Model(handle, native, folder, tokenizer, {
    path: folder.path,
    device,
    dtype,
    arithmetic: arithmeticOf(native, device, dtype),
    threads,
    sampleRate: folder.info.sampleRate,
    parameters: folder.info.parameters,
    randomWeights: folder.info.randomWeights,
    lora,
    libtorch: native.libtorch.version,
  })
  try {
    stage('ready')
  } catch (error) {
    await model.dispose()
    throw error
  }
  return model
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(signal.reason)
}

/** Every file of the model was checked before: what libtorch cannot load is of the package. */
function loadFailure(error: NativeError): AudioLDMError {
  if (error.code !== 'ENGINE_FAILED') return fromNative(error)
  const hint = 'the package may be damaged: install it again, or in a checkout run: npm run setup'
  return new EngineError(error.message, { hint })
}

/** A loaded model. It holds native memory and a thread until `dispose()`. */
export class Model {
  readonly info: Readonly<ModelInfo>
  readonly #native: NativeModel
  readonly #core: NativeCore
  readonly #folder: ModelFolder
  readonly #tokenizer: ClapTokenizer
  #sounds: SourceReader | undefined
  #disposing: Promise<void> | undefined

  /** @internal */
  constructor(
    native: NativeModel,
    core: NativeCore,
    folder: ModelFolder,
    tokenizer: ClapTokenizer,
    info: ModelInfo,
  ) {
    this.#native = native
    this.#core = core
    this.#folder = folder
    this.#tokenizer = tokenizer
    this.info = info
  }

  /** CLAP text embeddings [prompts, 512], L2-normalised. Text past 512 tokens is cut off. */
  async embedText(
    prompts: string | string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<Tensor> {
    const list = typeof prompts === 'string' ? [prompts] : prompts
    if (!Array.isArray(list) || list.length === 0 || list.some((p) => typeof p !== 'string')) {
      throw new InvalidOptionError('prompts', 'expected a string or a list with at least one')
    }
    const ids = list.map((prompt) => this.#tokenizer.encode(prompt).ids)
    const { tensors } = await runNative(
      (onEvent) => this.native.embedText(ids, onEvent),
      options.signal,
    )
    return new Tensor(tensors[0])
  }

  /**
   * CLAP audio embeddings [sounds, 512], L2-normalised: of the first channel at 48 kHz, its first
   * 10 seconds; shorter sounds are repeated whole as often as they fit, then zeros follow.
   * @throws InvalidModelError for a model without `audio_encoder/`; AudioError naming the sound
   */
  async embedAudio(
    audio: AudioInput | AudioInput[],
    options: { signal?: AbortSignal } = {},
  ): Promise<Tensor> {
    const { signal } = parseOptions(embedSchema, options)
    const list = Array.isArray(audio) ? audio : [audio]
    if (list.length === 0) throw new InvalidOptionError('audio', 'the list is empty')
    const name = (i: number) => (Array.isArray(audio) ? `audio[${i}]` : 'audio')
    const sources = list.map((input, i) => audioSource(name(i), input))
    return new Tensor(await embedSource(this, sources, signal))
  }

  /**
   * Latents [1, channels, frames, bins] of a sound, scaled as the UNet sees them: what
   * `decodeLatents` turns back into sound. As in training, its first channel is heard at the
   * model's rate, with its mean removed, a peak of 0.5, and zeros after its end. 300 s at most.
   * @throws AudioError naming the sound
   */
  async encodeAudio(audio: AudioInput, options: EncodeAudioOptions = {}): Promise<Tensor> {
    const { signal, seed } = parseOptions(encodeSchema, options)
    const source = audioSource('audio', audio)
    return new Tensor(await encodeSource(this, source, { seed, signal }))
  }

  /**
   * Turns latents [clips, channels, frames, bins], scaled as the UNet sees them, into sound.
   * Each clip is as long as its latents: frames · 0.04 s for the published models.
   */
  async decodeLatents(latents: Tensor, options: { signal?: AbortSignal } = {}): Promise<Audio[]> {
    if (!(latents instanceof Tensor)) {
      throw new InvalidOptionError('latents', `expected a tensor, got ${show(latents)}`)
    }
    const { geometry } = this.#folder
    const shape = latents.shape
    if (
      shape.length !== 4 ||
      shape.slice(0, 3).some((size) => size < 1) ||
      shape[1] !== geometry.latentChannels ||
      shape[3] !== geometry.latentBins
    ) {
      const expected = `[clips, ${geometry.latentChannels}, frames, ${geometry.latentBins}]`
      throw new InvalidOptionError('latents', `expected ${expected}, got [${shape.join(', ')}]`)
    }
    const samples = shape[2] * geometry.vaeFactor * geometry.hop
    const windows = windowsFor(geometry, this.info.sampleRate, shape[2])
    const request = { samples: new Array(shape[0]).fill(samples), windowFrames: 0, windows }
    const { tensors } = await runNative(
      (onEvent) => this.native.decodeLatents(latents.native, request, onEvent),
      options.signal,
    )
    return tensors.map((tensor) => new Audio(new Tensor(tensor), this.info.sampleRate))
  }

  /**
   * The log-mel spectrogram [1, frames, bands] of a sound, as the autoencoder's encoder sees it and
   * the vocoder turns it back into sound: natural logarithm, a frame each 10 ms and 64 bands to 8 kHz
   * for the published models. The sound is prepared as by `encodeAudio`; 300 s at most.
   * @throws AudioError naming the sound
   */
  async melSpectrogram(audio: AudioInput, options: { signal?: AbortSignal } = {}): Promise<Tensor> {
    const { signal } = parseOptions(embedSchema, options)
    return new Tensor(await melOfSource(this, audioSource('audio', audio), signal))
  }

  /** Turns log-mel spectrograms [clips, frames, bands] into sound, through the vocoder alone. */
  async vocode(mels: Tensor, options: { signal?: AbortSignal } = {}): Promise<Audio[]> {
    const { signal } = parseOptions(embedSchema, options)
    if (!(mels instanceof Tensor)) {
      throw new InvalidOptionError('mels', `expected a tensor, got ${show(mels)}`)
    }
    const { numMel, hop } = this.#folder.geometry
    const [clips, frames, bands] = mels.shape
    if (mels.shape.length !== 3 || clips < 1 || frames < 1 || bands !== numMel) {
      const shape = mels.shape.join(', ')
      throw new InvalidOptionError('mels', `expected [clips, frames, ${numMel}], got [${shape}]`)
    }
    const request = { samples: new Array(clips).fill(frames * hop), windowFrames: 0 }
    const { tensors } = await runNative(
      (onEvent) => this.native.vocode(mels.native, request, onEvent),
      signal,
    )
    return tensors.map((tensor) => new Audio(new Tensor(tensor), this.info.sampleRate))
  }

  /** Stops what runs and frees weights and thread. Safe to call at any time, any number of times. */
  dispose(): Promise<void> {
    this.#disposing ??= Promise.all([disposeNative(this.#native), this.#sounds?.dispose()]).then(
      () => {},
    )
    return this.#disposing
  }

  get disposed(): boolean {
    return this.#disposing !== undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  /** @internal */
  get native(): NativeModel {
    if (this.disposed) throw new DisposedError('this model')
    return this.#native
  }

  /** @internal */
  get core(): NativeCore {
    return this.#core
  }

  /** @internal Reads and resamples sounds for this model. */
  get sounds(): SourceReader {
    if (this.disposed) throw new DisposedError('this model')
    this.#sounds ??= new SourceReader(this.#core, this.info.threads)
    return this.#sounds
  }

  /** @internal */
  get folder(): ModelFolder {
    return this.#folder
  }

  /** @internal */
  get tokenizer(): ClapTokenizer {
    return this.#tokenizer
  }
}
