/** The parts of a model that are not trained: CLAP and the encoder of the autoencoder. */
import { clapRate, clapSeconds } from '../../audio/clap-waveform.js'
import { loadModel, Model } from '../../model/model.js'
import type { NativeTensor } from '../../native/binding.js'
import { runNative } from '../../native/run.js'

export interface FrozenPartsOptions {
  device: string
  threads: number
  libtorchPath?: string
}

/**
 * Loads the model when something is first computed. On the CPU clips and texts go through one by
 * one, so that what comes out depends on nothing but them.
 */
export class FrozenParts {
  readonly #source: Model | string
  readonly #options: FrozenPartsOptions
  #loading: Promise<Model> | undefined

  /** A model that is given stays its owner's; one that is loaded from a folder is disposed here. */
  constructor(source: Model | string, options: FrozenPartsOptions) {
    this.#source = source
    this.#options = options
  }

  get batchSize(): number {
    return this.#options.device === 'cpu' ? 1 : 8
  }

  /** An embedding of unit length for each, and how many texts were cut off. */
  async embedTexts(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ rows: Float32Array[]; truncated: number }> {
    const model = await this.#model(signal)
    const rows: Float32Array[] = []
    let truncated = 0
    for (let i = 0; i < texts.length; i += this.batchSize) {
      const group = texts.slice(i, i + this.batchSize).map((text) => model.tokenizer.encode(text))
      truncated += group.filter((encoded) => encoded.truncated).length
      const ids = group.map((encoded) => encoded.ids)
      const { tensors } = await runNative((onEvent) => model.native.embedText(ids, onEvent), signal)
      rows.push(...rowsOf(tensors[0]))
    }
    return { rows, truncated }
  }

  /** Of waveforms as CLAP takes them. */
  async embedAudio(
    waveforms: readonly Float32Array[],
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    const model = await this.#model(signal)
    return this.#batches(model, waveforms, clapRate * clapSeconds, async (input) => {
      const { tensors } = await runNative(
        (onEvent) => model.native.embedAudio(input, onEvent),
        signal,
      )
      return tensors[0]
    })
  }

  /** Mean and log-variance of each waveform's latents. */
  async encode(waveforms: readonly Float32Array[], signal: AbortSignal): Promise<Float32Array[]> {
    const model = await this.#model(signal)
    const request = { seeds: null, moments: true }
    return this.#batches(model, waveforms, waveforms[0]?.length ?? 0, async (input) => {
      const { tensors } = await runNative(
        (onEvent) => model.native.encodeAudio(input, request, onEvent),
        signal,
      )
      return tensors[0]
    })
  }

  async dispose(): Promise<void> {
    const model = await this.#loading?.catch(() => undefined)
    this.#loading = undefined
    if (model !== this.#source) await model?.dispose()
  }

  async #batches(
    model: Model,
    waveforms: readonly Float32Array[],
    length: number,
    compute: (input: NativeTensor) => Promise<NativeTensor>,
  ): Promise<Float32Array[]> {
    const rows: Float32Array[] = []
    for (let i = 0; i < waveforms.length; i += this.batchSize) {
      const group = waveforms.slice(i, i + this.batchSize)
      const all = new Float32Array(group.length * length)
      for (const [k, waveform] of group.entries()) all.set(waveform, k * length)
      const input = model.core.core.NativeTensor.from(all, [group.length, length])
      try {
        rows.push(...rowsOf(await compute(input)))
      } finally {
        input.dispose()
      }
    }
    return rows
  }

  #model(signal: AbortSignal): Promise<Model> {
    const source = this.#source
    this.#loading ??=
      source instanceof Model
        ? Promise.resolve(source)
        : loadModel(source, { ...this.#options, dtype: 'float32', signal })
    return this.#loading
  }
}

/** Its rows as arrays of their own; frees it. */
function rowsOf(tensor: NativeTensor): Float32Array[] {
  const data = tensor.data() as Float32Array
  const count = tensor.shape[0]
  tensor.dispose()
  const size = data.length / count
  return Array.from({ length: count }, (_, i) => data.slice(i * size, (i + 1) * size))
}
