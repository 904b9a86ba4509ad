import { randomInt } from 'node:crypto'
import { z } from 'zod'
import type { Audio } from '../audio/audio.js'
import { DisposedError, InvalidOptionError } from '../errors.js'
import { type Shown, withHtml } from '../files/shown.js'
import { Job, type JobControl } from '../job.js'
import { Model } from '../model/model.js'
import { abortSignal, expecting, integerIn, numberIn, parseOptions } from '../options.js'
import { generateBatch } from './batch.js'
import { type Take, takesOf } from './candidates.js'
import { farPrompts } from './far-prompts.js'
import { type Clip, type ClipOptions, clipSchema, planClips } from './plan.js'
import { Preparation } from './prepare.js'
import type { GenerateEvent, GenerateResult } from './result.js'

export type { MixedPart, MixPart } from './condition.js'
export type { InitOptions, MaskOptions } from './init.js'
export type { ClipOptions, ClipSettings } from './plan.js'
export type { GenerateEvent, GenerateResult, GenerateTimings } from './result.js'

export interface GenerateOptions extends Omit<ClipOptions, 'prompt' | 'seed'> {
  /**
   * One prompt, or a list of prompts; an object sets options for its clip alone. Required unless
   * audioPrompt, mix or init is given.
   */
  prompt?: string | ClipOptions | (string | ClipOptions)[]
  /** Clip i uses seed + i. 0 … 2^64 − 1; default: random, reported in the result. */
  seed?: number | bigint
  /** Clips per prompt, 1 … 1000; default 1. All prompts first, then all again with later seeds. */
  count?: number
  /** Clips denoised together, 1 … 64; default 1 on the CPU, 4 on CUDA. Does not change a clip. */
  batchSize?: number
  /** Seconds of sound per `audio` event, 0.1 … 60; default 2.56. Short ones cost more in all. */
  chunkSeconds?: number
  /** Whether `step` events carry the latents; default false. */
  stepLatents?: boolean
  signal?: AbortSignal
}

/** @internal */
export const generateSchema = z.strictObject({
  ...clipSchema.shape,
  prompt: z.custom<GenerateOptions['prompt']>(() => true).optional(),
  count: integerIn(1, 1000).default(1),
  batchSize: integerIn(1, 64).optional(),
  chunkSeconds: numberIn(0.1, 60, ' seconds').default(2.56),
  stepLatents: z.boolean(expecting('true or false')).default(false),
  signal: abortSignal.optional(),
})

/**
 * Generates sound from text and from other sound. The same options and seed give the same clip, alone or in a batch.
 *
 * Events: `step` after every diffusion step, `audio` for every finished stretch of sound, `clip`
 * when a clip is whole, `warning` where a prompt was cut off, or where a model that
 * says what it knows does not know it, or where a loudness was not reached. Defaults: 10 s, or less where the model says so, 25 steps of DPM-
 * Solver++ 2M, guidance scale 2.5.
 * @throws InvalidOptionError and DisposedError at once, and InvalidModelError when the model cannot hear; the job rejects with AbortError, AudioError, DisposedError, EngineError
 * or, where only a sound tells, InvalidOptionError
 */
export function generate(
  model: Model,
  options: GenerateOptions,
): Job<GenerateEvent, Shown<GenerateResult>> {
  if (!(model instanceof Model)) {
    throw new InvalidOptionError('model', 'expected a model from loadModel()')
  }
  const { prompt, count, batchSize, chunkSeconds, stepLatents, signal, ...shared } = parseOptions(
    generateSchema,
    options,
  )
  const seed = shared.seed ?? randomInt(2 ** 32)
  const clips = planClips(model, prompt, count, { ...shared, seed })
  const size = batchSize ?? (model.info.device === 'cpu' ? 1 : 4)
  const windowFrames = Math.round(
    (chunkSeconds * model.info.sampleRate) / model.folder.geometry.hop,
  )
  const settings = { windowFrames, stepLatents }
  if (model.disposed) throw new DisposedError('this model')
  return new Job(async (control) => {
    const started = performance.now()
    const timings = { textMs: 0, stepMs: [], vaeMs: 0, vocoderMs: 0, totalMs: 0, firstAudioMs: 0 }
    const audio = new Array<Audio>(clips.length)
    for (const clip of clips) {
      if (clip.warning) control.emit({ type: 'warning', index: clip.index, message: clip.warning })
    }
    await warnOfFarPrompts(model, clips, control)
    const preparation = new Preparation(model, control.signal)
    try {
      const takes: Take[] = []
      for (const clip of clips) takes.push(...takesOf(await preparation.prepare(clip)))
      const run = { model, control, settings, started, timings, audio }
      for (const batch of batches(takes, size)) await generateBatch(run, batch)
    } finally {
      preparation.dispose()
    }
    timings.totalMs = performance.now() - started
    const result = { audio, clips: clips.map((clip) => clip.settings), model: model.info, timings }
    return withHtml(result, playersHtml)
  }, signal)
}

/** A player for every clip, below what it was made from. */
async function playersHtml({ audio, clips }: GenerateResult): Promise<string> {
  const players = audio.map((clip, i) => {
    const { prompt, seed } = clips[i]
    return clip.toHTML({ title: [...(prompt ? [prompt] : []), `seed ${seed}`].join(', ') })
  })
  return (await Promise.all(players)).join('')
}

async function warnOfFarPrompts(
  model: Model,
  clips: Clip[],
  { emit, signal }: JobControl<GenerateEvent>,
): Promise<void> {
  const warnings = await farPrompts(
    model,
    clips.map(({ settings }) => settings.prompt),
    signal,
  )
  for (const { index, settings } of clips) {
    const message = warnings.get(settings.prompt)
    if (message !== undefined) emit({ type: 'warning', index, message })
  }
}

/** Runs of takes, in order, that the core can denoise together, at most `size` long. */
function* batches(takes: Take[], size: number): Generator<Take[]> {
  const groups = new Map<string, Take[]>()
  for (const take of takes) {
    const group = groups.get(take.clip.batchKey)
    if (group) group.push(take)
    else groups.set(take.clip.batchKey, [take])
  }
  for (const group of groups.values()) {
    for (let i = 0; i < group.length; i += size) yield group.slice(i, i + size)
  }
}
