/** Takes that the core denoises together: from them to clips. */
import { Audio } from '../audio/audio.js'
import type { JobControl } from '../job.js'
import type { Model } from '../model/model.js'
import type { NativeClip, NativeGenerateRequest, NativeTimings } from '../native/binding.js'
import { runNative } from '../native/run.js'
import { Tensor } from '../tensor.js'
import { bestOf, type Made, type Take } from './candidates.js'
import { asksForLevel, atLevel } from './level.js'
import type { PreparedClip } from './prepare.js'
import type { GenerateEvent, GenerateTimings } from './result.js'
import { inStereo, sideClip, sideFirstStep, sideSteps } from './stereo.js'

export interface Run {
  model: Model
  control: JobControl<GenerateEvent>
  settings: { windowFrames: number; stepLatents: boolean }
  started: number
  timings: GenerateTimings
  audio: Audio[]
}

/** Takes with equal `batchKey`. What becomes a clip of the result is in `run.audio` then. */
export async function generateBatch(run: Run, batch: Take[]): Promise<void> {
  const { clip: like } = batch[0]
  const stereo = like.channels === 2
  const steps = like.scheduler.steps - like.firstStep
  const made = await denoise(run, batch, {
    firstStep: like.firstStep,
    stepsBefore: 0,
    stepsAfter: stereo ? sideSteps(like.scheduler.steps) : 0,
    keepsLatents: stereo,
  })
  const clips: PreparedClip[] = []
  const best: Made[] = []
  for (const [i, take] of batch.entries()) {
    const kept = await bestOf(run.model, take, made[i], run.control.signal)
    if (kept === undefined) continue
    clips.push(take.clip)
    best.push(kept)
  }
  if (!stereo || clips.length === 0) {
    for (const [i, clip] of clips.entries()) await finish(run, clip, best[i].audio)
    return
  }
  const sides = clips.map((clip, i) => ({ clip, native: sideClip(run.model, clip, best[i]) }))
  try {
    const takes = await denoise(run, sides, {
      firstStep: sideFirstStep(like.scheduler.steps),
      stepsBefore: steps,
      stepsAfter: 0,
      keepsLatents: false,
    })
    for (const [i, clip] of clips.entries()) {
      await finish(run, clip, await inStereo(clip, best[i].audio, takes[i].audio))
    }
  } finally {
    for (const { native } of sides) native.init?.dispose()
  }
}

interface Pass {
  firstStep: number
  /** Of the other pass, where there are two. */
  stepsBefore: number
  stepsAfter: number
  keepsLatents: boolean
}

async function denoise(
  run: Run,
  batch: { clip: PreparedClip; native: NativeClip }[],
  pass: Pass,
): Promise<Made[]> {
  const { control, model } = run
  const { sampleRate } = model.info
  const indices = batch.map(({ clip }) => clip.index)
  const { latentFrames, scheduler, windows, loop, settings } = batch[0].clip
  const request: NativeGenerateRequest = {
    clips: batch.map(({ native }) => native),
    samples: batch.map(({ clip }) => clip.samples),
    latentFrames,
    scheduler,
    firstStep: pass.firstStep,
    featureCache: settings.featureCache,
    windows,
    loop: loop === true,
    windowFrames: run.settings.windowFrames,
    stepLatents: run.settings.stepLatents || pass.keepsLatents,
  }
  let last: Float32Array | undefined
  const result = await runNative(
    (onEvent) => model.native.generate(request, onEvent),
    control.signal,
    (event) => {
      if (event.type === 'step') {
        const done = event.step === event.steps
        if (pass.keepsLatents && done) last = event.latents?.data() as Float32Array
        if (!run.settings.stepLatents) event.latents?.dispose()
        control.emit({
          type: 'step',
          step: pass.stepsBefore + event.step,
          steps: pass.stepsBefore + event.steps + pass.stepsAfter,
          clips: indices,
          latents:
            run.settings.stepLatents && event.latents ? new Tensor(event.latents) : undefined,
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
  addTimings(run.timings, result.timings)
  const size = last && last.length / batch.length
  return result.tensors.map((tensor, i) => ({
    audio: new Audio(new Tensor(tensor), sampleRate),
    ...(last && size && { latents: last.slice(i * size, (i + 1) * size) }),
  }))
}

async function finish(run: Run, clip: PreparedClip, made: Audio): Promise<void> {
  const { settings, index } = clip
  const { audio, warning } = asksForLevel(settings)
    ? await atLevel(made, settings)
    : { audio: made }
  run.audio[index] = audio
  heard(run)
  if (warning) run.control.emit({ type: 'warning', index, message: warning })
  run.control.emit({ type: 'clip', index, audio, settings })
}

/** Whether what is generated is the clip, as it comes. */
function streams({ candidates, known, channels, settings }: PreparedClip): boolean {
  return candidates === 1 && known === undefined && channels === 1 && !asksForLevel(settings)
}

function heard({ timings, started }: Run): void {
  if (timings.firstAudioMs === 0) timings.firstAudioMs = performance.now() - started
}

function addTimings(total: GenerateTimings, batch?: NativeTimings): void {
  if (batch === undefined) return
  total.textMs += batch.textMs
  total.stepMs.push(...batch.stepMs)
  total.vaeMs += batch.vaeMs
  total.vocoderMs += batch.vocoderMs
}
