/** CLAP's text tower without the rest of its model. */
import { InvalidWeightsError } from '../errors.js'
import { unit } from '../model/similarity.js'
import type { NativeTensor } from '../native/binding.js'
import { Network } from '../native/network.js'
import { nativePart } from '../native/part.js'
import { type ClapTokenizer, loadTokenizer } from '../tokenizer/tokenizer.js'
import type { BackboneOptions } from './backbone.js'
import { type ClapSpec, describeTower, type Tower } from './clap.js'
import { openClapTowers } from './clap-towers.js'
import { nonFiniteTensors } from './content.js'

export interface EmbeddedText {
  /** Of length 1. */
  row: Float64Array
  /** Whether the text is longer than the tower takes. */
  truncated: boolean
}

export class TextTower {
  private constructor(
    readonly hash: string,
    readonly settings: Tower['settings'] & { maxTokens: number },
    private readonly tokenizer: ClapTokenizer,
    private readonly network: Network,
    private readonly options: BackboneOptions,
    private readonly explainNaN: () => Promise<Error>,
  ) {}

  /** @throws InvalidModelError, InvalidWeightsError, HubError, EngineError, AbortError */
  static async open(spec: ClapSpec, options: BackboneOptions): Promise<TextTower> {
    const { native, device, threads, signal } = options
    const towers = await openClapTowers(spec.model)
    const part = towers.text
    const { hash, settings, network: archive } = await describeTower(part, signal)
    const tokenizer = await loadTokenizer(towers.tokenizerDir(), towers.tokenizerLimits)
    const files = new Map<string, number>()
    const weights = nativePart(archive.archive, archive.attributes, part.tensors, files)
    const networkSpec = { device, threads, files: [...files.keys()], network: weights }
    const network = await Network.load(native, networkSpec, signal)
    const { maxTokens } = tokenizer
    const explainNaN = async () =>
      new InvalidWeightsError(
        `${towers.path}: its text encoder gives embeddings that are NaN or infinite`,
        await nonFiniteTensors(part.tensors),
      )
    return new TextTower(hash, { ...settings, maxTokens }, tokenizer, network, options, explainNaN)
  }

  /** One text at a time: without padding, so that no other text changes it. */
  async embed(text: string): Promise<EmbeddedText> {
    const { ids, truncated } = this.tokenizer.encode(text)
    const shape = [1, ids.length]
    const inputs = [
      this.tensor(ids, shape),
      this.tensor(
        ids.map(() => 1),
        shape,
      ),
    ]
    try {
      const [embedding] = await this.network.forward(inputs, this.options.signal)
      const row = unit(embedding.data() as Float32Array)
      embedding.dispose()
      if (!row.every(Number.isFinite)) throw await this.explainNaN()
      return { row, truncated }
    } finally {
      for (const input of inputs) input.dispose()
    }
  }

  dispose(): Promise<void> {
    return this.network.dispose()
  }

  /** Whole numbers as float64, which holds every id. */
  private tensor(values: Int32Array, shape: number[]): NativeTensor {
    return this.options.native.core.NativeTensor.from(Float64Array.from(values), shape)
  }
}
