import { DisposedError } from '../errors.js'
import type {
  NativeEvent,
  NativeTensor,
  NativeTrainer,
  NativeTrainerSpec,
  NativeTrainingData,
} from './binding.js'
import type { NativeCore } from './load.js'
import { disposeNative, loadNativeObject, runNative } from './run.js'

const what = 'this trainer'

/** What a step was, as NativeEvent says. */
export type TrainEvent = Omit<Extract<NativeEvent, { type: 'train' }>, 'type'>

/** What a step trains on, as NativeTrainer.inspect says. The caller disposes the tensors. */
export interface Inspection {
  latents: NativeTensor
  noise: NativeTensor
  timesteps: NativeTensor
  condition: NativeTensor
  items: NativeTensor
  kind: NativeTensor
  /** With `gradients`: the loss, and a gradient for each of `trainable`. */
  loss?: NativeTensor
  gradients: NativeTensor[]
}

/** A UNet in training, with a thread of its own. Jobs run in order. */
export class Trainer {
  readonly #native: NativeTrainer
  #disposing: Promise<void> | undefined

  private constructor(native: NativeTrainer) {
    this.#native = native
  }

  /** @throws EngineError, InvalidWeightsError, AbortError */
  static async load(
    { core }: NativeCore,
    spec: NativeTrainerSpec,
    signal?: AbortSignal,
  ): Promise<Trainer> {
    return new Trainer(
      await loadNativeObject((onLoaded) => new core.NativeTrainer(spec, onLoaded), signal),
    )
  }

  /** Trained tensors by name and shape, in the order of gradients. */
  get trainable(): { name: string; shape: number[] }[] {
    return this.#live().trainable
  }

  /** Steps done, including those that were skipped. */
  get step(): number {
    return this.#live().step
  }

  /** Items of a data set of so many that step `step` (0 is the first) takes. */
  itemsOf(step: number, items: number): Int32Array {
    return this.#live().itemsOf(step, items)
  }

  /**
   * Trains until `until` steps are done. An abort takes effect between two steps and keeps what was
   * done.
   * @throws TrainingError, EngineError, AbortError, DisposedError
   */
  async train(
    data: NativeTrainingData,
    until: number,
    onStep: (event: TrainEvent) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const native = this.#live()
    await runNative(
      (onEvent) => native.train(data, until, onEvent),
      signal,
      (event) => {
        if (event.type === 'train') onStep(event)
      },
      what,
    )
  }

  /** What step `step` would train on; changes nothing. @throws EngineError, AbortError, DisposedError */
  async inspect(
    data: NativeTrainingData,
    request: { step: number; gradients: boolean },
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const native = this.#live()
    const { tensors } = await runNative(
      (onEvent) => native.inspect(data, request, onEvent),
      signal,
      undefined,
      what,
    )
    const [latents, noise, timesteps, condition, items, kind, loss, ...gradients] = tensors
    return { latents, noise, timesteps, condition, items, kind, loss, gradients }
  }

  /**
   * Mean squared errors [items, draws], float32, which the caller disposes.
   * @throws EngineError, AbortError, DisposedError
   */
  async validate(
    data: NativeTrainingData,
    request: { items: Int32Array; draws: number; seed: bigint; ema: boolean },
    signal?: AbortSignal,
  ): Promise<NativeTensor> {
    const native = this.#live()
    const { tensors } = await runNative(
      (onEvent) => native.validate(data, request, onEvent),
      signal,
      undefined,
      what,
    )
    return tensors[0]
  }

  /**
   * Writes and syncs a new safetensors file; `source` of an entry as NativeTrainer.save says.
   * @throws OutputError, TrainingError where a value is not finite, AbortError, DisposedError
   */
  async save(
    path: string,
    entries: { name: string; source: string }[],
    metadata: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<void> {
    const native = this.#live()
    await runNative(
      (onEvent) => native.save(path, entries, metadata, onEvent),
      signal,
      undefined,
      what,
    )
  }

  /** Stops what runs, frees the weights and ends the thread. */
  dispose(): Promise<void> {
    this.#disposing ??= disposeNative(this.#native)
    return this.#disposing
  }

  #live(): NativeTrainer {
    if (this.#disposing) throw new DisposedError(what)
    return this.#native
  }
}
