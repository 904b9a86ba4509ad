/** From an item of a list to its corrupted sound. */
import { Audio } from '../../audio/audio.js'
import { fileClip } from '../../audio/clip-source.js'
import type { Model } from '../../model/model.js'
import { Random } from '../../synthesis/parts/random.js'
import { Tensor } from '../../tensor.js'
import type { TestItem } from '../references.js'
import { companionsOf } from './companions.js'
import type { Corruption, MelCorruption } from './corruption.js'

export interface CorruptorOptions {
  /** What comes after is cut off. */
  seconds: number
  seed: bigint
  signal: AbortSignal
}

export class Corruptor {
  constructor(
    private readonly model: Model,
    /** Those that companions are drawn from. */
    private readonly items: readonly TestItem[],
    private readonly options: CorruptorOptions,
  ) {}

  /** At the model's rate. The same for an item, a corruption and a strength on every machine. */
  async corrupt(item: TestItem, corruption: Corruption, strength: number): Promise<Audio> {
    const own = await this.#samplesOf(item)
    const random = new Random(this.options.seed, corruption.name, item.id)
    if (corruption.domain === 'mel') return this.#throughMel(own, corruption, strength, random)
    const { companions: count } = corruption
    const companions: Float32Array[] = []
    for (const other of companionsOf(item, this.items, count, this.options.seed)) {
      companions.push(await this.#samplesOf(other))
    }
    const { sampleRate } = this.model.info
    const corrupted = corruption.apply(own, companions, strength, { sampleRate, random })
    return new Audio(this.#tensor(corrupted, [corrupted.length]), sampleRate)
  }

  async #throughMel(
    samples: Float32Array,
    corruption: MelCorruption,
    strength: number,
    random: Random,
  ): Promise<Audio> {
    const { model, options } = this
    const { signal } = options
    const { sampleRate } = model.info
    const mel = await model.melSpectrogram({ samples, sampleRate }, { signal })
    const [, frames, bands] = mel.shape
    const data = (await mel.data()) as Float32Array
    mel.dispose()
    const changed = corruption.apply({ data, frames, bands }, strength, random)
    const tensor = this.#tensor(changed, [1, frames, bands])
    const [audio] = await model.vocode(tensor, { signal })
    tensor.dispose()
    return audio
  }

  async #samplesOf({ reference, name }: TestItem): Promise<Float32Array> {
    const { model, options } = this
    const { seconds, signal } = options
    const audio = await model.sounds.read(fileClip(reference, name), signal)
    const rate = model.info.sampleRate
    return model.sounds.waveform(audio, { rate, removeMean: true, seconds, name, signal })
  }

  #tensor(data: Float32Array, shape: number[]): Tensor {
    return new Tensor(this.model.core.core.NativeTensor.from(data, shape))
  }
}
