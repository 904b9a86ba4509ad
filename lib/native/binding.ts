/**
 * The contract between TypeScript and the native core, written by hand; `test/native/binding.test.ts`
 * compares it with the binary. TypeScript validates, the core trusts what arrives here to be typed
 * and in range, and still never crashes on it.
 */
import type { DType } from './tensor-table.js'

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
  /**
   * Whether oneDNN multiplies bfloat16 in hardware here (AVX512_BF16 or AMX). Found out at the first
   * call, by trying. Where it does not, parts asked for in bfloat16 have their weights rounded to it
   * and compute in float32, and so does a trainer.
   */
  cpuHasBfloat16(): boolean
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
  /** Starts loading on the new trainer's engine thread; `onLoaded` is called once. */
  NativeTrainer: new (
    spec: NativeTrainerSpec,
    onLoaded: (error: NativeError | null) => void,
  ) => NativeTrainer
  NativeTensor: NativeTensorConstructor
  /**
   * Bytes held by tensors the core handed out and that are not disposed yet. Those of `map` hold
   * none: their pages are the file's.
   */
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
  /** Low-rank adapters that are merged into the weights when they are bound; not by a trainer. */
  adapters?: NativeAdapter[]
}

/** LoRA: the weight of a linear layer becomes weight + scale · up · down. */
export interface NativeAdapter {
  /** Name of the weight, `….to_q.weight`. */
  target: string
  /** [rank, in], `lora_A` in peft. */
  down: NativeWeight
  /** [out, rank], `lora_B` in peft. */
  up: NativeWeight
  /** alpha / rank, times what the user wants. */
  scale: number
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
  /** Waveforms [B, n] at the model's rate → log-mel [B, n / vocoderHop, M], float32. */
  melSpectrogram(waveforms: NativeTensor, onEvent: (event: NativeEvent) => void): NativeJob
  /** Log-mel [B, T, M] → waveforms, through the vocoder. */
  vocode(
    mels: NativeTensor,
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

/** How a UNet is trained. Every random draw of a step follows from `seed` and the step's number. */
export interface NativeTrainerSpec {
  /** 'cpu' or 'cuda:N'. */
  device: string
  /** Threads for operators of this trainer's engine. */
  threads: number
  files: string[]
  unet: NativePart
  /** 'scratch': the part's weights give names and shapes alone; values are drawn from `seed`. */
  init: 'pretrained' | 'scratch'
  /** bfloat16: forward under autocast. Weights, gradients and optimizer stay float32. */
  precision: 'float32' | 'bfloat16'
  scalingFactor: number
  alphasCumprod: Float64Array
  seed: bigint
  /** Samples of a forward pass, and passes whose gradients make one step. */
  batchSize: number
  accumulate: number
  /** How likely a sample is conditioned on text, 0 … 1; else on audio. */
  textProbability: number
  /** How likely a sample's condition is replaced by `unconditional`, 0 … 1. */
  conditionDropout: number
  learningRate: number
  /** The rate rises linearly over so many steps: step k of them has k / warmupSteps of it. */
  warmupSteps: number
  /** After the warm-up; cosine falls to 0 at `totalSteps`. */
  schedule: 'constant' | 'cosine'
  totalSteps: number
  betas: [number, number]
  epsilon: number
  weightDecay: number
  /** Gradients are scaled down to this norm; 0: they are not. */
  maxGradientNorm: number
  /** EMA decay of update n (from 1): min(emaDecay, (1 + n) / (10 + n)). */
  emaDecay: number
  /** Trains low-rank adapters of these linear layers (`….to_q`) and nothing else. */
  lora: { rank: number; alpha: number; modules: string[] } | null
  /**
   * Where a run left off: every tensor that `save` calls trainable/…, ema/…, exp_avg/…,
   * exp_avg_sq/… and counters, by these names.
   */
  state: NativeWeight[] | null
}

/** What steps are made from; items are the clips of a data set. */
export interface NativeTrainingData {
  /** [rows, 2·C, t, f] float32: posteriors, as encodeAudio gives them. */
  moments: NativeTensor
  /** Of each item, its row of `moments` (-1: none; a step that takes the item ends in an error). */
  momentsRow: Int32Array
  /** [rows, E] float32, with unit length. Not needed where no sample is conditioned on text. */
  text: NativeTensor | null
  /** Rows of `text` for all captions, item by item: item i has textStart[i] … textStart[i + 1] − 1. */
  textRows: Int32Array
  textStart: Int32Array
  /** [rows, E] float32, with unit length, and the row of each item. */
  audio: NativeTensor | null
  audioRow: Int32Array
  /** [E]: the embedding of an empty prompt. */
  unconditional: NativeTensor
}

export interface NativeTrainer {
  /** Trained tensors by name and shape, in the order of `gradients`; after loading. */
  readonly trainable: { name: string; shape: number[] }[]
  /** Steps done, including those that were skipped. */
  readonly step: number
  /** Items of the data set that step `step` (0 is the first) takes: accumulate · batchSize of them. */
  itemsOf(step: number, items: number): Int32Array
  /**
   * Trains until `until` steps are done, with a `train` event for each. A step whose loss or gradient
   * is not finite changes nothing and is reported as skipped; ten in a row end it in DIVERGED.
   * An abort takes effect between two steps and keeps what was done.
   */
  train(data: NativeTrainingData, until: number, onEvent: (event: NativeEvent) => void): NativeJob
  /**
   * What step `step` would train on, and changes nothing: latents [N, C, t, f], noise, timesteps
   * [N] int64, condition [N, E], items [N] int64, kind [N] int64 (0 text, 1 audio, 2 dropped), and
   * with `gradients` the loss [] and a gradient for each of `trainable`, before clipping.
   */
  inspect(
    data: NativeTrainingData,
    request: { step: number; gradients: boolean },
    onEvent: (event: NativeEvent) => void,
  ): NativeJob
  /**
   * Mean squared error of the EMA weights (without `ema`: of the trained ones), [items, draws] float32:
   * for every item at `draws` timesteps, spread evenly over the schedule, with noise, latents and
   * captions that follow from `seed` and the item alone. Conditioned as textProbability says, never
   * dropped.
   */
  validate(
    data: NativeTrainingData,
    request: { items: Int32Array; draws: number; seed: bigint; ema: boolean },
    onEvent: (event: NativeEvent) => void,
  ): NativeJob
  /**
   * Writes and syncs a new safetensors file; `source` of an entry is trainable/NAME, ema/NAME,
   * exp_avg/NAME, exp_avg_sq/NAME, counters, or merged/NAME: a weight of the UNet for inference, the
   * EMA with adapters merged. Ends in OUTPUT_FAILED (message: errno's name and text) where it
   * cannot, and leaves no file then; in DIVERGED where a value is not finite.
   */
  save(
    path: string,
    entries: { name: string; source: string }[],
    metadata: Record<string, string>,
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
  /**
   * The result is the posterior itself, [B, 2·C, t, f]: mean, then log-variance, of the VAE's own
   * scale, as its encoder gives it. `seeds` are not looked at then.
   */
  moments?: boolean
  windows?: NativeWindows | null
}

export interface NativeDecodeRequest {
  /** Samples kept of each clip (the vocoder's output is trimmed to it). */
  samples: number[]
  /** Mel frames per vocoder window; each window becomes one audio event. 0: one window. */
  windowFrames: number
  windows?: NativeWindows | null
  /** The end meets the beginning: both are computed in each other's surroundings. Default false. */
  loop?: boolean
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
  /** The timesteps, both included, that are guided; default all. The scale is 1 at others. */
  guidanceInterval?: { from: number; to: number } | null
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
  /** The UNet's deep features are computed at every n-th step, 1 (default) or more. */
  featureCache?: number
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
  /** A training step; never conflated. `gradientNorm` is that before clipping. */
  | {
      type: 'train'
      step: number
      loss: number
      learningRate: number
      gradientNorm: number
      skipped: boolean
      /** Wall time of the step, ms. */
      ms: number
    }
  /**
   * generate, decodeLatents: waveforms [samples] in clip order; embedText, embedAudio: one tensor
   * [B, 512]; encodeAudio: one tensor of latents; forward, run: what the archive or the operation gives.
   */
  | { type: 'end'; tensors: NativeTensor[]; timings?: NativeTimings }
  | { type: 'end'; error: NativeError }

export interface NativeError {
  code:
    | 'ABORTED'
    | 'OUT_OF_MEMORY'
    | 'ENGINE_FAILED'
    | 'INVALID_WEIGHTS'
    | 'DISPOSED'
    | 'DIVERGED'
    | 'OUTPUT_FAILED'
  message: string
}

export interface NativeTensorConstructor {
  /** Copies the array into a new CPU tensor, float32 or float64 as the array is. */
  from(data: Float32Array | Float64Array, shape: number[]): NativeTensor
  /**
   * A view of a file, memory-mapped and read-only, from byte `offset` on: float32, row-major. Throws
   * where the file is shorter, or empty, and where the offset is no multiple of 4. What is appended
   * to the file later needs a new one; the file must not be made shorter while it is mapped.
   */
  map(path: string, offset: number, shape: number[]): NativeTensor
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
