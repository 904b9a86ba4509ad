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
  parts: Record<PartName, NativePart>
  /** Latents the UNet sees = scalingFactor · z of the VAE. */
  scalingFactor: number
  latentChannels: number
  /** Width of the mel spectrogram after the VAE's factor: latent frequency bins. */
  latentBins: number
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

export interface NativeDecodeRequest {
  /** Samples kept of each clip (the vocoder's output is trimmed to it). */
  samples: number[]
  /** Mel frames per vocoder window; each window becomes one audio event. 0: one window. */
  windowFrames: number
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
  /** Token ids with bos and eos, without padding. */
  inputIds: Int32Array
  negativeInputIds: Int32Array
  guidanceScale: number
  /** Seed of torch's CPU generator, 0 … 2^64 − 1. */
  seed: bigint
}

export interface NativeGenerateRequest extends NativeDecodeRequest {
  /** All clips of a batch share latents length, steps and scheduler. Guidance is per clip; the
   * batch is doubled when any of them is not 1. */
  clips: NativeClip[]
  latentFrames: number
  scheduler: NativeScheduler
  /** Whether step events carry a copy of the latents. */
  stepLatents: boolean
}

export interface NativeTimings {
  textMs: number
  /** One entry per diffusion step. */
  stepMs: number[]
  vaeMs: number
  vocoderMs: number
}

export type NativeEvent =
  | { type: 'step'; step: number; steps: number; latents?: NativeTensor }
  | { type: 'audio'; index: number; startSample: number; samples: NativeTensor }
  /**
   * generate, decodeLatents: waveforms [samples] in clip order; embedText: one tensor [B, 512];
   * forward, run: what the archive or the operation gives.
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
