import type { NativeTensor } from './binding.js'
import type { Compute } from './compute.js'
import type { NativeCore } from './load.js'

/** The native operations of one run, which stop when it is aborted. */
export class Calculator {
  constructor(
    private readonly native: NativeCore,
    private readonly compute: Compute,
    private readonly signal: AbortSignal,
  ) {}

  tensor(data: Float32Array | Float64Array, shape: number[]): NativeTensor {
    return this.native.core.NativeTensor.from(data, shape)
  }

  /** `native/core/compute/` says what the operations take and give. The caller frees the results. */
  run(
    operation: string,
    inputs: NativeTensor[],
    parameters: Record<string, number> = {},
  ): Promise<NativeTensor[]> {
    return this.compute.run(operation, inputs, parameters, this.signal)
  }

  /** The same for operations whose first result is a few numbers. */
  async numbers(
    operation: string,
    inputs: NativeTensor[],
    parameters: Record<string, number> = {},
  ): Promise<Float64Array> {
    const results = await this.run(operation, inputs, parameters)
    const data = results[0].data() as Float64Array
    for (const result of results) result.dispose()
    return data
  }
}
