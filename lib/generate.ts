import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { Audio } from './audio/audio.js'
import { DisposedError, InvalidOptionError } from './errors.js'
import {
  type Clip,
  type ClipOptions,
  type ClipSettings,
  clipSchema,
  planClips,
} from './generate-plan.js'
import { Job, type JobControl } from './job.js'
import { Model, type ModelInfo } from './model.js'
import type { NativeGenerateRequest, NativeTimings } from './native/binding.js'
import { runNative } from './native/run.js'
import { abortSignal, expecting, integerIn, numberIn, parseOptions } from './options.js'
import { Tensor } from './tensor.js'

export type { ClipOptions, ClipSettings } from './generate-plan.js'

export interface GenerateOptions extends Omit<ClipOptions, 'prompt' | 'seed'> {
  /** One prompt, or a list of prompts; an object sets options for its clip alone. */
  prompt: string | ClipOptions | (string | ClipOptions)[]
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

/** `clips` holds the indices of the clips that are denoised together. */
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

const optionsSchema = z.strictObject({
  ...clipSchema.shape,
  prompt: z.custom<GenerateOptions['prompt']>(() => true),
  count: integerIn(1, 1000).default(1),
  batchSize: integerIn(1, 64).optional(),
  chunkSeconds: numberIn(0.1, 60, ' seconds').default(2.56),
  stepLatents: z.boolean(expecting('true or false')).default(false),
  signal: abortSignal.optional(),
})

/**
 * Generates sound from text. The same options and seed give the same clip, alone or in a batch.
 *
 * Events: `step` after every diffusion step, `audio` for every finished stretch of sound, `clip`
 * when a clip is whole, `warning` where a prompt was cut off. Defaults: 10 s, 25 steps of DPM-
 * Solver++ 2M, guidance scale 2.5.
 * @throws InvalidOptionError and DisposedError at once; the job rejects with AbortError, DisposedError, EngineError
 */
export function generate(
  model: Model,
  options: GenerateOptions,
): Job<GenerateEvent, GenerateResult> {
  if (!(model instanceof Model)) {
    throw new InvalidOptionError('model', 'expected a model from loadModel()')
  }
  const { prompt, count, batchSize, chunkSeconds, stepLatents, signal, ...shared } = parseOptions(
    optionsSchema,
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
    const audio = new Array<Audio>(clips.length)
    const timings = { textMs: 0, stepMs: [], vaeMs: 0, vocoderMs: 0, totalMs: 0, firstAudioMs: 0 }
    const run = { model, control, settings, started, timings }
    for (const clip of clips) {
      if (clip.warning) control.emit({ type: 'warning', index: clip.index, message: clip.warning })
    }
    for (const batch of batches(clips, size)) await generateBatch(run, batch, audio)
    timings.totalMs = performance.now() - started
    return { audio, clips: clips.map((clip) => clip.settings), model: model.info, timings }
  }, signal)
}

interface Run {
  model: Model
  control: JobControl<GenerateEvent>
  settings: { windowFrames: number; stepLatents: boolean }
  started: number
  timings: GenerateTimings
}

async function generateBatch(run: Run, batch: Clip[], audio: Audio[]): Promise<void> {
  const { control, timings, model } = run
  const { sampleRate } = model.info
  const indices = batch.map((clip) => clip.index)
  const request: NativeGenerateRequest = {
    clips: batch.map((clip) => clip.native),
    latentFrames: batch[0].latentFrames,
    scheduler: batch[0].scheduler,
    samples: batch.map((clip) => clip.samples),
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
      if (timings.firstAudioMs === 0) timings.firstAudioMs = performance.now() - run.started
      const samples = new Tensor(event.samples)
      const index = indices[event.index]
      control.emit({ type: 'audio', index, startSample: event.startSample, samples, sampleRate })
    },
  )
  addTimings(timings, result.timings)
  result.tensors.forEach((tensor, i) => {
    const clip = batch[i]
    audio[clip.index] = new Audio(new Tensor(tensor), sampleRate)
    const { settings, index } = clip
    control.emit({ type: 'clip', index, audio: audio[index], settings })
  })
}

/** Runs of clips, in order, that the core can denoise together, at most `size` long. */
function* batches(clips: Clip[], size: number): Generator<Clip[]> {
  const groups = new Map<string, Clip[]>()
  for (const clip of clips) {
    const group = groups.get(clip.batchKey)
    if (group) group.push(clip)
    else groups.set(clip.batchKey, [clip])
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
