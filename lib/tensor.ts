import { DeviceUnavailableError, DisposedError, EngineError, InvalidOptionError } from './errors.js'
import type { NativeTensor, NativeTensorConstructor } from './native/binding.js'
import type { DType } from './native/tensor-table.js'
import { show } from './options.js'

export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array

/**
 * A handle on native memory. `dispose()` frees it at once; the garbage collector does it otherwise.
 *
 * A tensor that arrives in an event belongs to the loop body: it is disposed when the iterator
 * moves on, unless `keep()` was called.
 */
export class Tensor {
  #native: NativeTensor
  #kept = false

  /** @internal */
  constructor(native: NativeTensor) {
    this.#native = native
  }

  get shape(): number[] {
    return this.#live().shape
  }

  get dtype(): DType {
    return this.#live().dtype
  }

  /** 'cpu' or 'cuda:N'. */
  get device(): string {
    return this.#live().device
  }

  get disposed(): boolean {
    return this.#native.disposed
  }

  /** The elements in row-major order, copied into a fresh array; float16 and bfloat16 as float32. */
  async data(): Promise<TensorData> {
    return this.#live().data()
  }

  /** A copy with another dtype or on another device. */
  to(target: { dtype?: 'float32' | 'float64' | 'float16' | 'bfloat16'; device?: string }): Tensor {
    const { dtype = null, device = null } = target
    if (dtype !== null && !['float32', 'float64', 'float16', 'bfloat16'].includes(dtype)) {
      const expected = 'float32, float64, float16 or bfloat16'
      throw new InvalidOptionError('dtype', `expected ${expected}, got ${show(dtype)}`)
    }
    if (device !== null && !/^(cpu|cuda(:\d{1,3})?)$/.test(device)) {
      throw new InvalidOptionError('device', `expected cpu, cuda or cuda:N, got ${show(device)}`)
    }
    const native = this.#live()
    try {
      return new Tensor(native.to(dtype, device === 'cuda' ? 'cuda:0' : device))
    } catch (error) {
      const { message } = error as Error
      if (device?.startsWith('cuda')) throw new DeviceUnavailableError(message)
      throw new EngineError(message)
    }
  }

  /** Keeps an event's tensor alive beyond the loop body; the caller disposes it. */
  keep(): this {
    this.#kept = true
    return this
  }

  /** @internal Whether keep() was called. */
  get kept(): boolean {
    return this.#kept
  }

  dispose(): void {
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    if (this.disposed) return 'Tensor(disposed)'
    return `Tensor([${this.shape.join(', ')}], ${this.dtype}, ${this.device})`
  }

  /** @internal Another one, float32 on the CPU, with a copy of the data. */
  like(data: Float32Array, shape: number[]): Tensor {
    const { from } = this.#live().constructor as unknown as NativeTensorConstructor
    return new Tensor(from(data, shape))
  }

  /** @internal */
  get native(): NativeTensor {
    return this.#live()
  }

  #live(): NativeTensor {
    if (this.#native.disposed) throw new DisposedError('this tensor')
    return this.#native
  }
}
