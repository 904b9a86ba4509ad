import { z } from 'zod'
import { AudioError, DisposedError, InvalidOptionError } from '../errors.js'
import { escapeHtml } from '../files/html.js'
import { writeFileAtomic } from '../files/write-file.js'
import { numberIn, parseOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { encodeFlac, type FlacFormat } from './flac.js'
import { gainFor, type LevelOptions, type Loudness, measureLoudness } from './loudness.js'
import { encodeOpus } from './opus.js'
import { sampleStream } from './sample-stream.js'
import {
  checkExtension,
  encodeSound,
  extensionsOf,
  type SaveOptions,
  soundKindOf,
} from './sound-file.js'
import { type SpectrogramOptions, spectrogramPng } from './spectrogram.js'
import { encodeWav, type WavFormat } from './wav.js'
import { type AudioBufferLike, type AudioContextLike, toAudioBuffer } from './web-audio.js'

export interface WavOptions {
  /** 'pcm16' (default) for players, 'pcm24', or 'float32' to keep the exact values. */
  format?: WavFormat
}

export interface FlacOptions {
  /** 'pcm16' (default) or 'pcm24'. */
  format?: FlacFormat
}

export interface OpusOptions {
  /** kbit/s on average, 6 … 256 for each channel; default 64 for each. */
  bitrate?: number
}

export interface StreamOptions {
  /** Seconds of sound in a chunk, 0.001 … 60; default 0.5. The last may be shorter. */
  chunkSeconds?: number
}

const streamSchema = z.strictObject({ chunkSeconds: numberIn(0.001, 60, ' seconds').default(0.5) })

/** @internal */
export const levelShape = {
  lufs: numberIn(-70, 0, ' LUFS').optional(),
  truePeak: numberIn(-60, 0, ' dB').optional(),
}
const levelSchema = z.strictObject(levelShape)

/** A generated clip: samples in native memory until they are asked for. */
export class Audio {
  /** Float32, of shape [samples] or [channels, samples]. */
  readonly samples: Tensor
  readonly sampleRate: number
  private disposed = false

  /** Takes ownership of `samples`, which `dispose()` releases. */
  constructor(samples: Tensor, sampleRate: number) {
    const [channels, count] = samples.shape.length === 1 ? [1, samples.shape[0]] : samples.shape
    if (samples.shape.length > 2 || count === undefined || (channels !== 1 && channels !== 2)) {
      const shape = samples.shape.join(', ')
      throw new InvalidOptionError('samples', `shape [n], [1, n] or [2, n], not [${shape}]`)
    }
    this.samples = samples
    this.sampleRate = sampleRate
  }

  get channels(): number {
    return this.samples.shape.length === 1 ? 1 : this.samples.shape[0]
  }

  get durationSeconds(): number {
    return this.samples.shape[this.samples.shape.length - 1] / this.sampleRate
  }

  /** A copy of the samples; of two channels, all of the first and then all of the second. */
  async toFloat32Array(): Promise<Float32Array> {
    if (this.disposed) throw new DisposedError('this audio')
    return Float32Array.from((await this.samples.data()) as Float32Array)
  }

  /** An `AudioBuffer` of a Web Audio context, with as many channels, at this sample rate. */
  async toAudioBuffer<Buffer extends AudioBufferLike>(
    context: AudioContextLike<Buffer>,
  ): Promise<Buffer> {
    return toAudioBuffer(context, await this.byChannel(), this.sampleRate)
  }

  /**
   * The samples in chunks, made as they are read; of two channels, in each chunk all of the first and
   * then all of the second. Dispose of the audio when the first chunk was read or later.
   */
  stream(options: StreamOptions = {}): ReadableStream<Float32Array> {
    const { chunkSeconds } = parseOptions(streamSchema, options)
    const frames = Math.max(1, Math.round(chunkSeconds * this.sampleRate))
    return sampleStream(() => this.byChannel(), frames)
  }

  /** The bytes of a WAV file. */
  async toWav(options: WavOptions = {}): Promise<Uint8Array> {
    return encodeWav(await this.byChannel(), this.sampleRate, options.format)
  }

  /** The bytes of a FLAC file: the samples of a WAV file of the same format. */
  async toFlac(options: FlacOptions = {}): Promise<Uint8Array> {
    return encodeFlac(await this.byChannel(), this.sampleRate, options.format)
  }

  /** The bytes of an Ogg file with Opus, at 48 kHz. */
  async toOpus(options: OpusOptions = {}): Promise<Uint8Array> {
    return encodeOpus(await this.byChannel(), this.sampleRate, options.bitrate)
  }

  /**
   * Writes a sound file, whole or not at all: FLAC where the path ends in .flac, Opus where it ends in
   * .opus, .ogg or .oga, else WAV.
   * @throws OutputError naming the path and what to do; InvalidOptionError for other kinds of sound.
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    const kind = soundKindOf(path) ?? 'wav'
    checkExtension('path', path, extensionsOf[kind])
    const bytes = await encodeSound(kind, await this.byChannel(), this.sampleRate, options)
    await writeFileAtomic(path, bytes)
  }

  /** Integrated loudness and true peak by ITU-R BS.1770-4. */
  async loudness(): Promise<Loudness> {
    return measureLoudness(await this.byChannel(), this.sampleRate)
  }

  /**
   * A copy at another level. Where the true peak would pass its limit, the copy is quieter than `lufs`.
   * @throws AudioError where `lufs` is given and there is no loudness: see `Loudness`
   */
  async normalise(options: LevelOptions): Promise<Audio> {
    const level = parseOptions(levelSchema, options)
    const loudness = await this.loudness()
    if (level.lufs !== undefined && loudness.lufs === null) {
      const why = this.durationSeconds < 0.4 ? 'is shorter than 0.4 s' : 'is silent'
      throw new AudioError(`${why} and has no loudness`)
    }
    return this.scaled(gainFor(loudness, level))
  }

  /** @internal A copy with every sample multiplied. */
  async scaled(gain: number): Promise<Audio> {
    const samples = (await this.toFloat32Array()).map((value) => value * gain)
    return new Audio(this.samples.like(samples, this.samples.shape), this.sampleRate)
  }

  /** A PNG picture: time in seconds, frequency in hertz, level in decibels. */
  async spectrogram(options: SpectrogramOptions = {}): Promise<Uint8Array> {
    return spectrogramPng(mixed(await this.byChannel()), this.sampleRate, options)
  }

  /** A player with a spectrogram above it, in one piece of HTML that needs no other file. */
  async toHTML(options: { title?: string } = {}): Promise<string> {
    const image = await this.spectrogram({ width: 640, height: 220 })
    const png = Buffer.from(image).toString('base64')
    const wav = Buffer.from(await this.toWav()).toString('base64')
    const title = escapeHtml(options.title ?? `${this.durationSeconds.toFixed(2)} s of audio`)
    return (
      '<figure style="margin:0;max-width:640px;font:14px sans-serif">' +
      (options.title === undefined ? '' : `<figcaption>${title}</figcaption>`) +
      `<img src="data:image/png;base64,${png}" alt="Spectrogram: ${title}" style="width:100%">` +
      `<audio controls preload="metadata" src="data:audio/wav;base64,${wav}" style="width:100%">` +
      '</audio></figure>'
    )
  }

  /** Releases the samples. Idempotent; later calls for samples throw DisposedError. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.samples.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const state = this.disposed ? ', disposed' : ''
    const channels = this.channels === 1 ? 'mono' : 'stereo'
    return `Audio { ${this.durationSeconds.toFixed(2)} s, ${this.sampleRate} Hz, ${channels}${state} }`
  }

  private async byChannel(): Promise<Float32Array[]> {
    const all = await this.toFloat32Array()
    const count = all.length / this.channels
    return Array.from({ length: this.channels }, (_, c) => all.subarray(c * count, (c + 1) * count))
  }
}

function mixed(channels: Float32Array[]): Float32Array {
  const [first, second] = channels as [Float32Array, Float32Array | undefined]
  return second ? first.map((value, i) => (value + second[i]) / 2) : first
}
