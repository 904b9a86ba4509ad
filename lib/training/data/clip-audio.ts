/** From the file of a clip to what autoencoder and CLAP are given of it. */
import { createHash } from 'node:crypto'
import { clapRate, clapSeconds, clapWaveform } from '../../audio/clap-waveform.js'
import type { DecodedAudio } from '../../audio/decoded-audio.js'
import { AudioReaderPool } from '../../audio/reader-pool.js'
import { SourceReader } from '../../audio/source.js'
import { fitLength, trainingWaveform } from '../../audio/training-waveform.js'
import type { DatasetClip } from '../../datasets/dataset.js'
import { AudioError } from '../../errors.js'
import { fileProblem } from '../../files/file-problem.js'
import type { NativeCore } from '../../native/load.js'
import type { FileHashes } from './file-hashes.js'

/** What is trained on of a clip. */
export interface SegmentFormat {
  /** Hz, of the model. */
  sampleRate: number
  samples: number
  /** Whether CLAP hears it, too. */
  heard: boolean
}

export interface Segment {
  /** [samples]: mean removed, peak 0.5, followed by zeros. */
  training: Float32Array
  /** As CLAP takes it. */
  heard: Float32Array | null
}

type Place = Pick<DatasetClip, 'path' | 'startSeconds' | 'endSeconds'>

/** What never gets louder than this, −120 dB, is silent. */
const silence = 1e-6

/** Threads that read and resample clips. */
export class ClipReader {
  readonly #pool = new AudioReaderPool()
  readonly #sounds: SourceReader
  readonly #hashes: FileHashes

  constructor(native: NativeCore, threads: number, hashes: FileHashes) {
    this.#sounds = new SourceReader(native, threads)
    this.#hashes = hashes
  }

  /** sha256 of the file. @throws AudioError with the reason */
  async hash(path: string, signal: AbortSignal): Promise<string> {
    try {
      return await this.#hashes.of(path, (full) => this.#pool.hash(full, { signal }))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code && !(error instanceof AudioError)) {
        throw new AudioError(fileProblem(error), { cause: error })
      }
      throw error
    }
  }

  /**
   * The first segment of a clip; with `at`, 0 … 1, the one that begins at that part of where one can.
   * @throws AudioError with the reason: of a segment anywhere, it never depends on `at`
   */
  async read(
    clip: Place,
    format: SegmentFormat,
    at: number | null,
    signal: AbortSignal,
  ): Promise<{ hash: string; segment: Segment }> {
    const { hash, audio } = await this.#pool.read(clip.path, { signal })
    const seconds = format.samples / format.sampleRate
    const whole = cutOut(audio, clip)
    const cut = segmentOf(whole, Math.ceil(seconds * audio.sampleRate), at ?? 0)
    if (isSilent(whole)) throw new AudioError('is silent')
    if (at === null && isSilent(cut)) {
      throw new AudioError(`is silent for its first ${seconds.toFixed(2)} s`)
    }
    const one = { channels: [cut], sampleRate: audio.sampleRate }
    const samples = await this.#sounds.waveform(one, {
      rate: format.sampleRate,
      removeMean: true,
      seconds,
      signal,
    })
    const heard = format.heard
      ? await this.#sounds.waveform(one, {
          rate: clapRate,
          removeMean: false,
          seconds: Math.min(seconds, clapSeconds),
          signal,
        })
      : null
    return {
      hash,
      segment: {
        training: fitLength(trainingWaveform(samples).samples, format.samples),
        heard: heard && clapWaveform(heard),
      },
    }
  }

  /** The first segment as it is in the file. @throws AudioError with the reason */
  async sound(
    clip: Place,
    { samples, sampleRate }: SegmentFormat,
    signal: AbortSignal,
  ): Promise<{ samples: Float32Array; sampleRate: number }> {
    const { audio } = await this.#pool.read(clip.path, { signal })
    const length = Math.ceil((samples * audio.sampleRate) / sampleRate)
    return { samples: segmentOf(cutOut(audio, clip), length, 0), sampleRate: audio.sampleRate }
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#pool.dispose(), this.#sounds.dispose()])
  }
}

/** The same for equal sounds, wherever their files are. */
export function clipKey(hash: string, { startSeconds, endSeconds }: Place): string {
  const part = `${hash} ${startSeconds ?? 0} ${endSeconds ?? 'end'}`
  return createHash('sha256').update(part).digest('hex')
}

/** What the clip is of the first channel. */
function cutOut(
  { channels: [channel], sampleRate }: DecodedAudio,
  { startSeconds = 0, endSeconds }: Place,
): Float32Array {
  const first = Math.round(startSeconds * sampleRate)
  const end = endSeconds === undefined ? channel.length : Math.round(endSeconds * sampleRate)
  if (first < Math.min(end, channel.length)) return channel.subarray(first, end)
  const length = (channel.length / sampleRate).toFixed(2)
  throw new AudioError(`has nothing from ${startSeconds} s on: it is ${length} s long`)
}

function segmentOf(samples: Float32Array, length: number, at: number): Float32Array {
  const start = Math.round(at * Math.max(0, samples.length - length))
  return samples.subarray(start, start + length)
}

function isSilent(samples: Float32Array): boolean {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const value of samples) {
    if (value < least) least = value
    if (value > most) most = value
  }
  return most - least <= 2 * silence
}
