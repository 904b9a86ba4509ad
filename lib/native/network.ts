import { DisposedError } from '../errors.js'
import type { NativeNetwork, NativeNetworkSpec, NativeTensor } from './binding.js'
import type { NativeCore } from './load.js'
import { disposeNative, loadNativeObject, runNative } from './run.js'

const what = 'this network'

/** A loaded archive with a thread of its own. Jobs run in order. */
export class Network {
  readonly #native: NativeNetwork
  #disposing: Promise<void> | undefined

  private constructor(native: NativeNetwork) {
    this.#native = native
  }

  /** @throws EngineError, InvalidWeightsError, AbortError */
  static async load(
    { core }: NativeCore,
    spec: NativeNetworkSpec,
    signal?: AbortSignal,
  ): Promise<Network> {
    return new Network(
      await loadNativeObject((onLoaded) => new core.NativeNetwork(spec, onLoaded), signal),
    )
  }

  /**
   * What the archive's `forward` gives for its inputs, which stay the caller's to dispose.
   * @throws EngineError, AbortError, DisposedError
   */
  async forward(inputs: NativeTensor[], signal?: AbortSignal): Promise<NativeTensor[]> {
    if (this.#disposing) throw new DisposedError(what)
    const { tensors } = await runNative(
      (onEvent) => this.#native.forward(inputs, onEvent),
      signal,
      undefined,
      what,
    )
    return tensors
  }

  /** Stops what runs, frees the weights and ends the thread. */
  dispose(): Promise<void> {
    this.#disposing ??= disposeNative(this.#native)
    return this.#disposing
  }
}
