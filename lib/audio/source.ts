/** Sounds that a model listens to: from a file, bytes or samples to a waveform of one channel. */
import { AudioError, DisposedError, InvalidOptionError } from '../errors.js'
import { Compute } from '../native/compute.js'
import type { NativeCore } from '../native/load.js'
import { show } from '../options.js'
import { type ClipInput, type ClipSource, fileClip, memoryClip } from './clip-source.js'
import type { DecodedAudio } from './decoded-audio.js'
import { AudioReaderPool } from './reader-pool.js'
import { prepareParameters, waveformProtocol } from './waveform-protocol.js'

/** The path of a sound file, its bytes, samples, or an `Audio`. */
export type AudioInput = string | ClipInput

/** Refuses at once what cannot be a sound; `option` stands for it in messages. */
export function audioSource(option: string, input: unknown): ClipSource {
  if (typeof input === 'string') {
    if (input === '') throw new InvalidOptionError(option, 'is empty')
    if (input.includes('\0')) throw new InvalidOptionError(option, 'is no path: it has a NUL')
    return fileClip(input, input)
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    const expected = 'expected the path or bytes of a sound file, samples or an Audio'
    throw new InvalidOptionError(option, `${expected}, got ${show(input)}`)
  }
  return memoryClip(input as ClipInput, option)
}

export interface WaveformOptions {
  /** Hz, of the result. */
  rate: number
  /** Of the channel as it was, before it is resampled: a constant becomes exact zeros. */
  removeMean: boolean
  /** What comes after so many seconds is left out. */
  seconds?: number
  /** Stands for the sound in messages. */
  name?: string
  signal?: AbortSignal
}

/** Threads that decode and resample, begun when they are first needed. */
export class SourceReader {
  readonly #native: NativeCore
  readonly #threads: number
  readonly #reader = new AudioReaderPool()
  #compute: Compute | undefined
  #disposing: Promise<unknown> | undefined

  constructor(native: NativeCore, threads: number) {
    this.#native = native
    this.#threads = threads
  }

  /** @throws AudioError naming the sound and why it cannot be read. */
  async read(source: ClipSource, signal?: AbortSignal): Promise<DecodedAudio> {
    try {
      return (await source.read(this.#reader, signal ?? new AbortController().signal)).audio
    } catch (error) {
      if (this.#disposing) throw new DisposedError('this model')
      if (!(error instanceof AudioError)) throw error
      const { hint, cause } = error
      throw new AudioError(`${source.path} ${error.message}`, { hint, cause })
    }
  }

  /**
   * The first channel at another rate, by torchaudio's default resampler; at its own rate the
   * samples as they are.
   * @throws AudioError where samples near 3e38 leave the range of floats
   */
  async waveform(audio: DecodedAudio, options: WaveformOptions): Promise<Float32Array> {
    if (this.#disposing) throw new DisposedError('this model')
    const { rate, removeMean, seconds, name, signal } = options
    const { sampleRate } = audio
    let samples = audio.channels[0]
    let length = Math.ceil((samples.length * rate) / sampleRate)
    if (seconds !== undefined) {
      // The resampler looks at 6.1 samples of the lower rate on either side.
      const margin = Math.ceil(16 * Math.max(1, sampleRate / rate))
      samples = samples.subarray(0, Math.ceil(seconds * sampleRate) + margin)
      length = Math.min(length, Math.round(seconds * rate))
    }
    if (sampleRate === rate && !removeMean) return samples.slice(0, length)
    const protocol = { ...waveformProtocol('first-channel', 'sinc'), removeMean, minSamples: 1 }
    this.#compute ??= new Compute(this.#native, this.#threads)
    const input = this.#native.core.NativeTensor.from(samples, [1, samples.length])
    try {
      const parameters = prepareParameters(protocol, sampleRate, rate)
      const [result] = await this.#compute.run('prepare', [input], parameters, signal)
      const data = (result.data() as Float32Array).subarray(0, length)
      result.dispose()
      if (data.every(Number.isFinite)) return data
      // What came in was finite: resamplers overshoot.
      throw new AudioError(`${name ? `${name} ` : ''}has samples too large to resample`)
    } finally {
      input.dispose()
    }
  }

  async dispose(): Promise<void> {
    this.#disposing ??= Promise.all([this.#reader.dispose(), this.#compute?.dispose()])
    await this.#disposing
  }
}
