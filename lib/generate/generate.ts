import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { Audio } from '../audio/audio.js'
import { DisposedError, InvalidOptionError } from '../errors.js'
import { type Shown, withHtml } from '../files/shown.js'
import { Job, type JobControl } from '../job.js'
import { Model, type ModelInfo } from '../model/model.js'
import type { NativeGenerateRequest, NativeTimings } from '../native/binding.js'
import { runNative } from '../native/run.js'
import { abortSignal, expecting, integerIn, numberIn, parseOptions } from '../options.js'
import { Tensor } from '../tensor.js'
import { bestOf, type Take, takesOf } from './candidates.js'
import { farPrompts } from './far-prompts.js'
import { asksForLevel, atLevel } from './level.js'
import { type Clip, type ClipOptions, type ClipSettings, clipSchema, planClips } from './plan.js'
import { Preparation, type PreparedClip } from './prepare.js'

export type { MixedPart, MixPart } from './condition.js'
export type { InitOptions, MaskOptions } from './init.js'
export type { ClipOptions, ClipSettings } from './plan.js'

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

/**
 * `clips` holds the indices of the clips that are denoised together, one for each candidate. Clips
 * with several candidates, a mask or a loudness come whole, in their `clip` event, without `audio` events.
 */
export type GenerateEvent =
  | { type: 'warning'; index: number; message: string }
  | { type: 'step'; step: number; steps: number; clips: number[]; latents?: Tensor }
  | { type: 'audio'; index: number; startSample: number; samples: Tensor; sampleRate: number }
  | { type: 'clip'; index: number; audio: Audio; settings: ClipSettings }

export interface GenerateResult {
  /** In clip order. The caller owns them; `dispose()` frees their memory at once. */
  audio: Audio[]
  /** What each clip was made with. */
  clips: ClipSettings[]
  model: Readonly<ModelInfo>
  timings: GenerateTimings
}

export interface GenerateTimings {
  textMs: number
  /** Every diffusion step of every batch. */
  stepMs: number[]
  vaeMs: number
  vocoderMs: number
  totalMs: number
  /** From the start to the first `audio` event. */
  firstAudioMs: number
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

interface Run {
  model: Model
  control: JobControl<GenerateEvent>
  settings: { windowFrames: number; stepLatents: boolean }
  started: number
  timings: GenerateTimings
  audio: Audio[]
}

async function generateBatch(run: Run, batch: Take[]): Promise<void> {
  const { control, timings, model } = run
  const { sampleRate } = model.info
  const indices = batch.map(({ clip }) => clip.index)
  const { latentFrames, scheduler, firstStep, windows, loop, settings } = batch[0].clip
  const request: NativeGenerateRequest = {
    clips: batch.map(({ native }) => native),
    samples: batch.map(({ clip }) => clip.samples),
    latentFrames,
    scheduler,
    firstStep,
    featureCache: settings.featureCache,
    windows,
    loop: loop === true,
    ...run.settings,
  }
  const result = await runNative(
    (onEvent) => model.native.generate(request, onEvent),
    control.signal,
    (event) => {
      if (event.type === 'step') {
        const latents = event.latents && new Tensor(event.latents)
        control.emit({
          type: 'step',
          step: event.step,
          steps: event.steps,
          clips: indices,
          latents,
        })
        return
      }
      if (event.type !== 'audio') return
      if (!streams(batch[event.index].clip)) return event.samples.dispose()
      heard(run)
      const samples = new Tensor(event.samples)
      const index = indices[event.index]
      control.emit({ type: 'audio', index, startSample: event.startSample, samples, sampleRate })
    },
  )
  addTimings(timings, result.timings)
  const made = result.tensors.map((tensor) => new Audio(new Tensor(tensor), sampleRate))
  for (const [i, take] of batch.entries()) {
    const best = await bestOf(model, take, made[i], control.signal)
    if (best === undefined) continue
    const { settings, index } = take.clip
    const { audio, warning } = asksForLevel(settings)
      ? await atLevel(best, settings)
      : { audio: best }
    run.audio[index] = audio
    heard(run)
    if (warning) control.emit({ type: 'warning', index, message: warning })
    control.emit({ type: 'clip', index, audio, settings })
  }
}

/** Whether what is generated is the clip, as it comes. */
function streams({ candidates, known, settings }: PreparedClip): boolean {
  return candidates === 1 && known === undefined && !asksForLevel(settings)
}

function heard({ timings, started }: Run): void {
  if (timings.firstAudioMs === 0) timings.firstAudioMs = performance.now() - started
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

function addTimings(total: GenerateTimings, batch?: NativeTimings): void {
  if (batch === undefined) return
  total.textMs += batch.textMs
  total.stepMs.push(...batch.stepMs)
  total.vaeMs += batch.vaeMs
  total.vocoderMs += batch.vocoderMs
}
