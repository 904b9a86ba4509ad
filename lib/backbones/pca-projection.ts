import type { NativeTensor } from '../native/binding.js'
import { Compute } from '../native/compute.js'
import type { NativeCore } from '../native/load.js'
import { PCA_WIDTH, type PcaParameters } from './pca.js'

/** Post-processes VGGish's rows in the core. */
export class PcaProjection {
  readonly #native: NativeCore
  readonly #compute: Compute
  readonly #parameters: NativeTensor[]

  constructor(native: NativeCore, { eigenVectors, means }: PcaParameters) {
    const { NativeTensor } = native.core
    this.#native = native
    this.#compute = new Compute(native, 1)
    this.#parameters = [
      NativeTensor.from(eigenVectors, [PCA_WIDTH, PCA_WIDTH]),
      NativeTensor.from(means, [PCA_WIDTH]),
    ]
  }

  /** [B, P, 128] → the same shape, every value a whole number from 0 to 255, float32. */
  async project(embedding: NativeTensor, signal?: AbortSignal): Promise<NativeTensor> {
    const { NativeTensor } = this.#native.core
    const { shape } = embedding
    const values = embedding.data() as Float32Array
    const rows = NativeTensor.from(values, [values.length / PCA_WIDTH, PCA_WIDTH])
    try {
      const inputs = [rows, ...this.#parameters]
      const [result] = await this.#compute.run('vggish_postprocess', inputs, {}, signal)
      const projected = Float32Array.from(result.data() as Float64Array)
      result.dispose()
      return NativeTensor.from(projected, shape)
    } finally {
      rows.dispose()
    }
  }

  async dispose(): Promise<void> {
    await this.#compute.dispose()
    for (const tensor of this.#parameters) tensor.dispose()
  }
}
