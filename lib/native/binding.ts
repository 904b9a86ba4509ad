/**
 * The contract between TypeScript and the native core, written by hand; `test/native/binding.test.ts`
 * compares it with the binary. TypeScript validates, the core trusts what arrives here to be typed
 * and in range, and still never crashes on it.
 */
import type { DType } from '../weights/table.js'

/** What `audioldm.node`, the loader, exports. It links to nothing but Node and libdl. */
export interface LoaderBinding {
  /**
   * Opens the libraries in order with dlopen(RTLD_NOW | RTLD_LOCAL), then `core`, and returns the
   * core's exports for this environment. Throws an Error whose message is dlerror()'s.
   */
  load(libraries: string[], core: string): CoreBinding
  /** null when the CUDA driver library can be opened, else dlerror()'s text. */
  cudaDriverProblem(): string | null
}

export interface CoreBinding {
  /** The libtorch the core was built against, e.g. '2.13.0'. */
  buildTorchVersion: string
  /** at::get_cpu_capability(): 'AVX512', 'AVX2', 'DEFAULT'… */
  cpuCapability: string
  /** Whether bfloat16 matrix products have hardware support (AVX512_BF16 or AMX). */
  cpuHasBfloat16: boolean
  cudaDeviceCount(): number
  /** Starts loading on the new model's engine thread; `onLoaded` is called once. */
  NativeModel: new (
    spec: NativeModelSpec,
    onLoaded: (error: NativeError | null) => void,
  ) => NativeModel
  /** Starts loading on the new network's engine thread; `onLoaded` is called once. */
  NativeNetwork: new (
    spec: NativeNetworkSpec,
    onLoaded: (error: NativeError | null) => void,
  ) => NativeNetwork
  /** An engine thread for the operations of `native/core/compute/`, on the CPU. */
  NativeCompute: new (
    threads: number,
  ) => NativeCompute
  NativeTensor: NativeTensorConstructor
  /** Bytes held by tensors the core handed out and that are not disposed yet. */
  liveTensorBytes(): number
  /**
   * Cancels all work of this environment and waits for its engines to end: at most one diffusion
   * step, window or part of a model. Models behave as disposed afterwards.
   */
  shutdown(): void
}

export type PartName = 'unet' | 'vae_encoder' | 'vae_decoder' | 'vocoder' | 'text_encoder'
export type AttributeValue = number | boolean | number[] | boolean[]

export interface NativeWeight {
  name: string
  /** Index into NativeModelSpec.files. */
  file: number
  offset: number
  dtype: DType
  shape: number[]
  strides: number[]
}

export interface NativePart {
  archive: string
  /** Set on the root module; the type in the archive decides between int, float and bool. */
  attributes: Record<string, AttributeValue>
  weights: NativeWeight[]
}

export interface NativeModelSpec {
  /** 'cpu' or 'cuda:N'. */
  device: string
  dtype: 'float32' | 'bfloat16' | 'float16'
  /** Threads for operators of this model's engine. */
  threads: number
  files: string[]
  /** `vae_encoder`, `mel_spectrogram` and `audio_encoder` are loaded when they are first used. */
  parts: Record<PartName | 'mel_spectrogram', NativePart> & { audio_encoder?: NativePart }
  /** Latents the UNet sees = scalingFactor · z of the VAE. */
  scalingFactor: number
  latentChannels: number
  /** Width of the mel spectrogram after the VAE's factor: latent frequency bins. */
  latentBins: number
  /** Mel frames per latent frame. */
  vaeFactor: number
  /** Cumulative product of 1 − β over the training timesteps, float64, ᾱ₀ first. */
  alphasCumprod: Float64Array
  /** Samples per mel frame (product of the upsample rates) and the samples beyond hop · frames. */
  vocoderHop: number
  vocoderTail: number
  /** Mel frames that a vocoder window needs on either side for its samples to be exact. */
  vocoderContext: number
}

export interface NativeModel {
  /** Starts one batch on the engine thread; events arrive on the JavaScript thread, `end` last. */
  generate(request: NativeGenerateRequest, onEvent: (event: NativeEvent) => void): NativeJob
  /** L2-normalised text embeddings [B, 512]. Prompts as token ids without padding. */
  embedText(inputIds: Int32Array[], onEvent: (event: NativeEvent) => void): NativeJob
  /**
   * L2-normalised audio embeddings [B, 512], float32. Waveforms as the audio encoder takes them:
   * [B, 480000] at 48 kHz. A model without an audio encoder ends it in ENGINE_FAILED.
   */
  embedAudio(waveforms: NativeTensor, onEvent: (event: NativeEvent) => void): NativeJob
  /**
   * Waveforms [B, n] at the model's rate → latents [B, C, t, f] as the UNet sees them, float32. n is
   * a multiple of vocoderHop · vaeFactor, and t as many times that.
   */
  encodeAudio(
    waveforms: NativeTensor,
    request: NativeEncodeRequest,
    onEvent: (event: NativeEvent) => void,
  ): NativeJob
  /** Latents [B, C, t, f] (the UNet's, scaled) → waveforms, through VAE decoder and vocoder. */
  decodeLatents(
    latents: NativeTensor,
    request: NativeDecodeRequest,
    onEvent: (event: NativeEvent) => void,
  ): NativeJob
  /** Aborts what runs, frees the weights and ends the engine thread, then calls back. Idempotent. */
  dispose(onDisposed: () => void): void
}

export interface NativeNetworkSpec {
  /** 'cpu' or 'cuda:N'. */
  device: string
  /** Threads for operators of this network's engine. */
  threads: number
  files: string[]
  /** Its weights are bound as float32 (wider floats are narrowed); the archive decides in which
   * dtype it computes. A user's own archive has its weights inside: no weights, no attributes. */
  network: NativePart
}

/** One archive with an engine thread of its own: an embedding network of `score`. */
export interface NativeNetwork {
  /**
   * `forward` of the archive in inference mode. Inputs are copied to its device. Its result, a
   * tensor or a tuple or list of tensors, arrives in `end`: floats as float32, on the CPU.
   */
  forward(inputs: NativeTensor[], onEvent: (event: NativeEvent) => void): NativeJob
  /** As NativeModel's. */
  dispose(onDisposed: () => void): void
}

export interface NativeCompute {
  /**
   * Runs one operation by its name (`native/core/compute/registry.cc` lists them; each header
   * states shapes, parameters and results). Inputs are not changed. Wrong shapes or parameters end
   * in ENGINE_FAILED with a message that names them.
   */
  run(
    operation: string,
    inputs: NativeTensor[],
    parameters: Record<string, number>,
    onEvent: (event: NativeEvent) => void,
  ): NativeJob
  /** As NativeModel's. */
  dispose(onDisposed: () => void): void
}

export interface NativeJob {
  /** Takes effect at the next diffusion step, vocoder window or stage; `end` then says aborted. */
  abort(): void
}

/**
 * How clips longer than the model was trained on are generated, encoded and decoded: in windows of
 * `frames` latent frames, of which neighbours share `overlap` at least. There are
 * ⌈(latent frames − overlap) / (frames − overlap)⌉ of them, spread evenly, and what is computed in
 * each is blended, so that time grows with the length of a clip and no faster. A clip of `frames`
 * or less is computed as without windows.
 */
export interface NativeWindows {
  frames: number
  /** 0 … frames − 1. */
  overlap: number
}

export interface NativeEncodeRequest {
  /**
   * One per clip: latents are drawn from the VAE's posterior with torch's CPU generator of that
   * seed. null: they are its mean.
   */
  seeds: bigint[] | null
  windows?: NativeWindows | null
}

export interface NativeDecodeRequest {
  /** Samples kept of each clip (the vocoder's output is trimmed to it). */
  samples: number[]
  /** Mel frames per vocoder window; each window becomes one audio event. 0: one window. */
  windowFrames: number
  windows?: NativeWindows | null
}

export type SchedulerName = 'dpmpp-2m' | 'ddim' | 'euler' | 'euler-a'

export interface NativeScheduler {
  name: SchedulerName
  /** Denoising steps; also the length of `timesteps`. */
  steps: number
  /** DDIM's η. */
  eta: number
  /** Karras spacing of the sigmas (dpmpp-2m, euler, euler-a). */
  karras: boolean
  /** As in the model's scheduler_config.json. */
  timestepSpacing: 'leading' | 'linspace' | 'trailing'
  stepsOffset: number
  /** DDIM: whether ᾱ of the step past the last is 1 instead of ᾱ₀. */
  setAlphaToOne: boolean
}

export interface NativeClip {
  /** Token ids with bos and eos, without padding. Not looked at where there is an embedding. */
  inputIds: Int32Array
  negativeInputIds: Int32Array
  guidanceScale: number
  /** Seed of torch's CPU generator, 0 … 2^64 − 1. */
  seed: bigint
  /** The condition as it is: [512], or [windows, 512] with one for each window of the clip. */
  embedding?: NativeTensor | null
  /** Latents [C, latentFrames, f], as encodeAudio gives them, that `firstStep` and `mask` need. */
  init?: NativeTensor | null
  /**
   * [latentFrames, f]: 1 keeps the init (exactly, in the latents), 0 generates, between them both
   * are mixed. In a batch where some clips have masks the others keep nothing.
   */
  mask?: NativeTensor | null
}

export interface NativeGenerateRequest extends NativeDecodeRequest {
  /** All clips of a batch share latents length, steps and scheduler. Guidance is per clip; the
   * batch is doubled when any of them is not 1. */
  clips: NativeClip[]
  latentFrames: number
  /**
   * Steps left out at the start, 0 (default) … steps. More than 0 starts from the inits, as noisy
   * as that step expects; all of them decodes the inits as they are; 0 starts from noise alone.
   */
  firstStep?: number
  scheduler: NativeScheduler
  /** Whether step events carry a copy of the latents. */
  stepLatents: boolean
}

export interface NativeTimings {
  textMs: number
  /** One entry per diffusion step that was taken. */
  stepMs: number[]
  vaeMs: number
  vocoderMs: number
}

export type NativeEvent =
  /** `step` of the `steps` that are taken, less those that `firstStep` leaves out. */
  | { type: 'step'; step: number; steps: number; latents?: NativeTensor }
  | { type: 'audio'; index: number; startSample: number; samples: NativeTensor }
  /**
   * generate, decodeLatents: waveforms [samples] in clip order; embedText, embedAudio: one tensor
   * [B, 512]; encodeAudio: one tensor of latents; forward, run: what the archive or the operation gives.
   */
  | { type: 'end'; tensors: NativeTensor[]; timings?: NativeTimings }
  | { type: 'end'; error: NativeError }

export interface NativeError {
  code: 'ABORTED' | 'OUT_OF_MEMORY' | 'ENGINE_FAILED' | 'INVALID_WEIGHTS' | 'DISPOSED'
  message: string
}

export interface NativeTensorConstructor {
  /** Copies the array into a new CPU tensor, float32 or float64 as the array is. */
  from(data: Float32Array | Float64Array, shape: number[]): NativeTensor
}

export interface NativeTensor {
  readonly shape: number[]
  readonly dtype: DType
  readonly device: string
  /** A fresh copy in memory that V8 owns; bfloat16 and float16 come as Float32Array. */
  data(): Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array
  /** A copy in another dtype or on another device; null keeps what is. */
  to(
    dtype: 'float32' | 'float64' | 'float16' | 'bfloat16' | null,
    device: string | null,
  ): NativeTensor
  /** Frees the native memory now; later calls throw. Idempotent. */
  dispose(): void
  readonly disposed: boolean
}
