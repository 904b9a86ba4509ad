/** Clips that are read and encoded again in every step. */
import { createHash } from 'node:crypto'
import { AudioError } from '../../errors.js'
import type {
  NativeTensor,
  NativeTensorConstructor,
  NativeTrainingData,
} from '../../native/binding.js'
import type { ClipReader, Segment, SegmentFormat } from './clip-audio.js'
import type { TrainingClip } from './clips.js'
import type { FrozenParts } from './frozen-parts.js'
import { type Preparation, prepareTexts, textKey } from './prepare.js'
import { MemoryRows, tensorOf } from './rows.js'
import type { ConditionOdds } from './training-data.js'

export interface LiveOptions {
  parts: FrozenParts
  reader: ClipReader
  format: SegmentFormat
  odds: ConditionOdds
  /** Of one row of moments, and of an embedding. */
  momentsShape: readonly number[]
  embedding: number
  seed: bigint
  events: Preparation['events']
  signal: AbortSignal
}

export interface StepData {
  data: NativeTrainingData
  dispose(): void
}

/** A clip that cannot be read is reported once; the next one stands in for it from then on. */
export class LiveClips {
  readonly #clips: readonly TrainingClip[]
  readonly #options: LiveOptions
  readonly #text: MemoryRows
  readonly #unusable = new Set<number>()

  constructor(clips: readonly TrainingClip[], options: LiveOptions) {
    this.#clips = clips
    this.#options = options
    this.#text = new MemoryRows([options.embedding])
  }

  /** How many of the first clips can be read, looking for `wanted` of them. */
  async count(wanted: number): Promise<number> {
    let found = 0
    for (let item = 0; item < this.#clips.length && found < wanted; item++) {
      if (await this.#read(item, 0)) found++
    }
    return found
  }

  /** What the step trains on: of longer clips, a part that seed, step and item decide. */
  async step(
    native: NativeTensorConstructor,
    step: number,
    items: Iterable<number>,
  ): Promise<StepData> {
    const { parts, format, odds, momentsShape, embedding, seed, signal } = this.#options
    const taken = [...new Set(items)]
    const read = await Promise.all(taken.map((item) => this.#readOrNext(item, step, seed)))
    const segments = read.map(({ segment }) => segment)
    const moments = await parts.encode(
      segments.map(({ training }) => training),
      signal,
    )
    const audio = format.heard
      ? await parts.embedAudio(
          segments.map(({ heard }) => heard as Float32Array),
          signal,
        )
      : null
    const texts = odds.text ? read.map(({ clip }) => clip.captions) : []
    await this.#embed(['', ...texts.flat()])

    const count = this.#clips.length
    const momentsRow = new Int32Array(count).fill(-1)
    for (const [row, item] of taken.entries()) momentsRow[item] = row
    const textStart = new Int32Array(count + 1)
    const textRows: number[] = []
    for (let item = 0; item < count; item++) {
      const row = momentsRow[item]
      for (let k = 0; k < (texts[row]?.length ?? 0); k++) textRows.push(textRows.length)
      textStart[item + 1] = textRows.length
    }
    const inOrder = [...momentsRow].flatMap((row) => texts[row] ?? [])
    const tensors: NativeTensor[] = []
    const tensor = (rows: Float32Array[], shape: readonly number[]) => {
      const made = tensorOf(native, rows, shape)
      tensors.push(made)
      return made
    }
    const unconditional = native.from(this.#textRow(''), [embedding])
    tensors.push(unconditional)
    return {
      data: {
        moments: tensor(moments, momentsShape),
        momentsRow,
        text: odds.text
          ? tensor(
              inOrder.map((text) => this.#textRow(text)),
              [embedding],
            )
          : null,
        textRows: Int32Array.from(textRows),
        textStart,
        audio: audio && tensor(audio, [embedding]),
        audioRow: momentsRow,
        unconditional,
      },
      dispose: () => {
        for (const each of tensors) each.dispose()
      },
    }
  }

  async #embed(texts: string[]): Promise<void> {
    const { parts, reader, format, signal, events } = this.#options
    const quiet = { ...events, onProgress: () => {} }
    const stores = { text: this.#text, moments: this.#text, audio: null }
    await prepareTexts(texts, { stores, parts, reader, format, events: quiet, signal })
  }

  #textRow(text: string): Float32Array {
    return this.#text.row(this.#text.find(textKey(text)) as number)
  }

  async #readOrNext(
    item: number,
    step: number,
    seed: bigint,
  ): Promise<{ clip: TrainingClip; segment: Segment }> {
    const count = this.#clips.length
    for (let k = 0; k < count; k++) {
      const other = (item + k) % count
      const segment = await this.#read(other, fraction(seed, step, other))
      if (segment) return { clip: this.#clips[other], segment }
    }
    throw new AudioError('no clip of the data set can be read any more')
  }

  async #read(item: number, at: number): Promise<Segment | undefined> {
    if (this.#unusable.has(item)) return undefined
    const { reader, format, events, signal } = this.#options
    const clip = this.#clips[item]
    try {
      return (await reader.read(clip, format, at, signal)).segment
    } catch (error) {
      if (!(error instanceof AudioError)) throw error
      if (!this.#unusable.has(item)) events.onSkipped(clip.path, error.message)
      this.#unusable.add(item)
      return undefined
    }
  }
}

/** 0 … 1, the same on every machine. */
function fraction(seed: bigint, step: number, item: number): number {
  const hash = createHash('sha256').update(`${seed} ${step} ${item}`).digest()
  return hash.readUInt32BE(0) / 2 ** 32
}
