import { DisposedError } from '../errors.js'
import type { NativeCompute, NativeTensor } from './binding.js'
import type { NativeCore } from './load.js'
import { disposeNative, runNative } from './run.js'

const what = 'this compute engine'

/** A thread of the core for the operations of `native/core/compute/`. Jobs run in order. */
export class Compute {
  readonly #native: NativeCompute
  #disposing: Promise<void> | undefined

  constructor({ core }: NativeCore, threads: number) {
    this.#native = new core.NativeCompute(threads)
  }

  /**
   * What an operation gives for its inputs, which stay the caller's to dispose.
   * @throws EngineError, AbortError, DisposedError
   */
  async run(
    operation: string,
    inputs: NativeTensor[],
    parameters: Record<string, number> = {},
    signal?: AbortSignal,
  ): Promise<NativeTensor[]> {
    if (this.#disposing) throw new DisposedError(what)
    const { tensors } = await runNative(
      (onEvent) => this.#native.run(operation, inputs, parameters, onEvent),
      signal,
      undefined,
      what,
    )
    return tensors
  }

  /** Stops what runs and ends the thread. */
  dispose(): Promise<void> {
    this.#disposing ??= disposeNative(this.#native)
    return this.#disposing
  }
}
