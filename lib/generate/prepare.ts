/** From planned clips to what the core is asked for: sounds are read, encoded and embedded. */

import { InvalidOptionError } from '../errors.js'
import { encodeWaveform, longestSeconds, trainingSamples } from '../model/encode.js'
import type { Model } from '../model/model.js'
import { windowCount } from '../model/windows.js'
import type { NativeClip, NativeTensor } from '../native/binding.js'
import { Embeddings } from './condition.js'
import { type InitPlan, latentMask } from './init.js'
import type { Clip } from './plan.js'
import { type ClipSize, checkOverTime, secondsOf, sizeClip } from './size.js'

/** A clip with all that it takes to make it. */
export interface PreparedClip extends Clip, ClipSize {
  native: NativeClip
  /** Clips with equal ones can be denoised together. */
  batchKey: string
  /** The row, of length 1, that candidates are compared with. */
  target?: Float64Array
  /** The sound that a mask keeps part of. */
  known?: KnownSound
}

export interface KnownSound {
  /** The sound at the model's rate, at its own level. */
  samples: Float32Array
  mean: number
  /** What the generated sound is divided by to be at that level. */
  gain: number
}

interface EncodedSound extends KnownSound {
  durationSeconds: number
  sourceRate: number
  /** What the autoencoder is given. */
  prepared: Float32Array
}

/** Prepares the clips of one job; what several of them share is computed once. */
export class Preparation {
  readonly #model: Model
  readonly #signal: AbortSignal
  readonly #embeddings: Embeddings
  readonly #sounds = new Map<string, Promise<EncodedSound>>()
  readonly #latents = new Map<string, Promise<NativeTensor>>()
  readonly #ids = new Map<object, number>()
  readonly #tensors = new Set<NativeTensor>()

  constructor(model: Model, signal: AbortSignal) {
    this.#model = model
    this.#signal = signal
    this.#embeddings = new Embeddings(model, signal)
  }

  async prepare(clip: Clip): Promise<PreparedClip> {
    const { init, settings } = clip
    const sound = init && (await this.#sound(init, clip.givenSeconds))
    const size = sizeClip(this.#model, sound?.durationSeconds ?? settings.durationSeconds, clip)
    checkOverTime(clip, size)
    settings.durationSeconds = size.durationSeconds
    if (size.windows) settings.long = true
    const native = { ...clip.native }
    if (init && sound) await this.#start(clip, init, sound, size, native)
    const target = await this.#condition(clip, size, native)
    const { latentFrames, windows } = size
    const { scheduler, firstStep } = clip
    const guided = settings.guidanceScale !== 1
    const guidance = guided && (native.guidanceInterval ?? true)
    const { featureCache } = settings
    const masked = native.mask !== undefined
    const key = [
      latentFrames,
      scheduler,
      guidance,
      firstStep,
      windows,
      masked,
      featureCache,
      clip.loop,
      clip.channels,
    ]
    return {
      ...clip,
      ...size,
      native,
      target,
      batchKey: JSON.stringify(key),
      ...(init?.mask && sound && { known: sound }),
    }
  }

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose()
  }

  async #condition(
    { condition, candidates, settings, loop }: Clip,
    { windows, latentFrames }: ClipSize,
    native: NativeClip,
  ): Promise<Float64Array | undefined> {
    if (condition) {
      // A loop has more windows than its frames have, and one condition for all.
      const count = loop ? 1 : windowCount(windows, latentFrames)
      const rows = await this.#embeddings.rows(condition, count)
      const width = rows[0].length
      const all = new Float32Array(count * width)
      for (const [i, row] of rows.entries()) all.set(row, i * width)
      native.embedding = this.#tensor(all, count === 1 ? [width] : [count, width])
    }
    if (candidates === 1) return undefined
    const middle = condition ?? [{ text: settings.prompt, weights: [1, 1] as [number, number] }]
    const mean = middle.map(({ weights: [start, end], ...part }) => {
      const weight = (start + end) / 2
      return { ...part, weights: [weight, weight] as [number, number] }
    })
    return (await this.#embeddings.rows(mean, 1))[0]
  }

  /** Latents to start from, and the mask. */
  async #start(
    { firstStep }: Clip,
    { mask, source }: InitPlan,
    sound: EncodedSound,
    size: ClipSize,
    native: NativeClip,
  ): Promise<void> {
    if (firstStep === 0 && mask === undefined) return
    const { latentFrames, windows } = size
    const key = `${this.#id(source)} ${size.durationSeconds} ${JSON.stringify(windows)}`
    let latents = this.#latents.get(key)
    if (latents === undefined) {
      latents = this.#encode(sound.prepared, size)
      this.#latents.set(key, latents)
    }
    native.init = await latents
    if (mask === undefined) return
    const { geometry } = this.#model.folder
    const { sampleRate } = this.#model.info
    const { durationSeconds } = size
    const { sourceRate } = sound
    const values = latentMask(mask, geometry, {
      latentFrames,
      durationSeconds,
      sampleRate,
      sourceRate,
    })
    native.mask = this.#tensor(values, [latentFrames, geometry.latentBins])
  }

  async #encode(prepared: Float32Array, size: ClipSize): Promise<NativeTensor> {
    const { latentFrames, windows } = size
    const options = { windows, signal: this.#signal }
    const batch = await encodeWaveform(this.#model, prepared, latentFrames, options)
    const latents = this.#tensor(batch.data() as Float32Array, batch.shape.slice(1))
    batch.dispose()
    return latents
  }

  #sound(init: InitPlan, durationSeconds: number | undefined): Promise<EncodedSound> {
    const key = `${this.#id(init.source)} ${durationSeconds}`
    let sound = this.#sounds.get(key)
    if (sound === undefined) {
      sound = this.#read(init, durationSeconds)
      this.#sounds.set(key, sound)
    }
    return sound
  }

  async #read({ source }: InitPlan, given: number | undefined): Promise<EncodedSound> {
    const signal = this.#signal
    const audio = await this.#model.sounds.read(source, signal)
    const { sampleRate: sourceRate } = audio
    const rate = this.#model.info.sampleRate
    const own = secondsOf(Math.ceil((audio.channels[0].length * rate) / sourceRate), rate)
    const durationSeconds = given ?? own
    if (durationSeconds > longestSeconds) {
      throw new InvalidOptionError(
        'init.audio',
        `${source.path} is ${own.toFixed(1)} s long, more than ${longestSeconds} s`,
        'Give durationSeconds (--duration) to use its beginning.',
      )
    }
    const options = { name: source.path, seconds: durationSeconds, signal }
    const plain = { ...options, rate, removeMean: false }
    const samples = await this.#model.sounds.waveform(audio, plain)
    const prepared = await trainingSamples(this.#model, audio, options)
    const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length
    const { gain } = prepared
    return { durationSeconds, sourceRate, prepared: prepared.samples, samples, mean, gain }
  }

  #id(source: object): number {
    const known = this.#ids.get(source)
    if (known !== undefined) return known
    this.#ids.set(source, this.#ids.size)
    return this.#ids.size - 1
  }

  #tensor(data: Float32Array, shape: number[]): NativeTensor {
    const tensor = this.#model.core.core.NativeTensor.from(data, shape)
    this.#tensors.add(tensor)
    return tensor
  }
}
