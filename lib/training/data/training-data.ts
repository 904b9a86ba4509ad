/** From prepared clips to what the trainer takes. */
import type {
  NativeTensor,
  NativeTensorConstructor,
  NativeTrainingData,
} from '../../native/binding.js'
import { type PreparedClip, type Stores, textKey } from './prepare.js'

/** What is conditioned on what. */
export interface ConditionOdds {
  text: boolean
  audio: boolean
}

/** The rows of all clips as tensors, which `dispose` frees. */
export class TrainingTensors {
  readonly #moments: NativeTensor
  readonly #text: NativeTensor | null
  readonly #audio: NativeTensor | null
  readonly #unconditional: NativeTensor

  /** Texts reach the trainer where texts condition, and nowhere else; so do sounds. */
  constructor(native: NativeTensorConstructor, stores: Stores, odds: ConditionOdds) {
    const empty = stores.text.find(textKey('')) as number
    this.#moments = stores.moments.tensor(native)
    this.#text = odds.text ? stores.text.tensor(native) : null
    this.#audio = odds.audio && stores.audio ? stores.audio.tensor(native) : null
    this.#unconditional = stores.text.rowTensor(native, empty)
  }

  dataOf(clips: readonly PreparedClip[]): NativeTrainingData {
    const starts = [0]
    for (const { texts } of clips) starts.push(starts[starts.length - 1] + texts.length)
    return {
      moments: this.#moments,
      momentsRow: Int32Array.from(clips, ({ moments }) => moments),
      text: this.#text,
      textRows: Int32Array.from(clips.flatMap(({ texts }) => texts)),
      textStart: Int32Array.from(starts),
      audio: this.#audio,
      audioRow: Int32Array.from(clips, ({ audio }) => audio ?? -1),
      unconditional: this.#unconditional,
    }
  }

  dispose(): void {
    for (const tensor of [this.#moments, this.#text, this.#audio, this.#unconditional]) {
      tensor?.dispose()
    }
  }
}
