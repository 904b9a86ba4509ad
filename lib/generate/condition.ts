/** What the sound should be like: texts, sounds, or a mix of both. */
import { z } from 'zod'
import type { ClipSource } from '../audio/clip-source.js'
import { type AudioInput, audioSource } from '../audio/source.js'
import { InvalidOptionError } from '../errors.js'
import { embedSource } from '../model/encode.js'
import type { Model } from '../model/model.js'
import { unit } from '../model/similarity.js'
import { expecting, numberIn } from '../options.js'

/** One part of a mix: a text or a sound. */
export interface MixPart {
  text?: string
  /** Instead of a text: a sound, whose CLAP embedding is taken. */
  audio?: AudioInput
  /** 0 … 100; default 1. A pair: at the clip's start and at its end, for clips made in windows. */
  weight?: number | [number, number]
}

/** A part of a mix as a result states it; sounds in memory by the name of their option. */
export interface MixedPart {
  text?: string
  audio?: string
  weight: number | [number, number]
}

export interface Condition {
  text?: string
  audio?: ClipSource
  /** At the start and at the end. */
  weights: [number, number]
}

const weight = numberIn(0, 100)
const weightForm = expecting('a number from 0 to 100, or two: at the start and at the end')

/** @internal `text` is the schema of prompts, `audio` that of sounds. */
export function mixSchema<S extends z.ZodType<AudioInput, unknown>>(
  text: z.ZodType<string>,
  audio: S,
) {
  const part = z.strictObject(
    {
      text: text.optional(),
      audio: audio.optional(),
      weight: z.union([weight, z.tuple([weight, weight])], weightForm).optional(),
    },
    expecting('an object such as { text, weight } or { audio, weight }'),
  )
  const form = expecting('a list of 1 to 64 texts and sounds')
  return z.array(part, form).min(1, form).max(64, form)
}

/** What is given of these three, as parts of a mix; undefined for a prompt alone. */
export function planCondition(
  given: { prompt?: string; audioPrompt?: AudioInput; mix?: MixPart[] },
  source: (option: string, input: AudioInput) => ClipSource,
): Condition[] | undefined {
  const { prompt, audioPrompt, mix } = given
  if (mix === undefined) {
    if (audioPrompt === undefined) return undefined
    const sound: Condition = { audio: source('audioPrompt', audioPrompt), weights: [1, 1] }
    return prompt === undefined ? [sound] : [{ text: prompt, weights: [1, 1] }, sound]
  }
  if (prompt !== undefined || audioPrompt !== undefined) {
    const other = prompt === undefined ? 'audioPrompt' : 'prompt'
    throw new InvalidOptionError(
      'mix',
      `excludes ${other}`,
      'Give every text and sound as a part of the mix.',
    )
  }
  const parts = mix.map(({ text, audio, weight = 1 }, i): Condition => {
    if ((text === undefined) === (audio === undefined)) {
      throw new InvalidOptionError(`mix[${i}]`, 'expected either a text or audio')
    }
    const weights: [number, number] = typeof weight === 'number' ? [weight, weight] : weight
    if (audio === undefined) return { text, weights }
    return { audio: source(`mix[${i}].audio`, audio), weights }
  })
  for (const end of [0, 1]) {
    if (parts.every(({ weights }) => weights[end] === 0)) {
      throw new InvalidOptionError('mix', 'all weights are 0')
    }
  }
  return parts
}

export function mixedParts(condition: Condition[]): MixedPart[] {
  return condition.map(({ text, audio, weights }) => ({
    ...(audio === undefined ? { text } : { audio: audio.path }),
    weight: weights[0] === weights[1] ? weights[0] : weights,
  }))
}

export function changesOverTime(condition: Condition[]): boolean {
  return condition.some(({ weights }) => weights[0] !== weights[1])
}

/** Embeddings of texts and sounds, each computed once. */
export class Embeddings {
  readonly #model: Model
  readonly #signal: AbortSignal
  readonly #known = new Map<string | ClipSource, Float64Array>()

  constructor(model: Model, signal: AbortSignal) {
    this.#model = model
    this.#signal = signal
  }

  /**
   * One row of length 1 for each of `count` windows: the weighted sum of the parts, weights going
   * from those of the start to those of the end.
   */
  async rows(condition: Condition[], count: number): Promise<Float64Array[]> {
    const parts: { row: Float64Array; weights: [number, number] }[] = []
    for (const { text, audio, weights } of condition) {
      parts.push({ row: await this.#of(audio ?? (text as string)), weights })
    }
    return Array.from({ length: count }, (_, i) => {
      const end = count === 1 ? 0 : i / (count - 1)
      const sum = new Float64Array(parts[0].row.length)
      for (const { row, weights } of parts) {
        const weight = weights[0] * (1 - end) + weights[1] * end
        for (let k = 0; k < sum.length; k++) sum[k] += weight * row[k]
      }
      return unit(sum)
    })
  }

  async #of(what: string | ClipSource): Promise<Float64Array> {
    const known = this.#known.get(what)
    if (known) return known
    const row = unit(typeof what === 'string' ? await this.#text(what) : await this.#sound(what))
    this.#known.set(what, row)
    return row
  }

  async #text(text: string): Promise<Float32Array> {
    const tensor = await this.#model.embedText(text, { signal: this.#signal })
    const row = (await tensor.data()) as Float32Array
    tensor.dispose()
    return row
  }

  async #sound(source: ClipSource): Promise<Float32Array> {
    const tensor = await embedSource(this.#model, [source], this.#signal)
    const row = tensor.data() as Float32Array
    tensor.dispose()
    return row
  }
}

/** Makes one source of equal inputs, so that what is computed of it is found again. */
export function sourceOnce(): (option: string, input: AudioInput) => ClipSource {
  const sources = new Map<unknown, ClipSource>()
  return (option, input) => {
    const known = sources.get(input)
    if (known) return known
    const source = audioSource(option, input)
    sources.set(input, source)
    return source
  }
}
