/** What `generate` does: decides every clip, makes those that are wanted, tells of all. */
import { randomInt } from 'node:crypto'
import { extensionsOf } from '../audio/sound-file.js'
import type { GenerateTimings } from '../generate/generate.js'
import { firstStepOf } from '../generate/init.js'
import type { ClipOptions } from '../generate/plan.js'
import { sideSteps } from '../generate/stereo.js'
import type { ModelInfo } from '../model/model.js'
import { describeDType } from '../native/device.js'
import { type Cutoff, checkCutoff, measureCutoff } from './cutoff.js'
import { planDestination } from './destination.js'
import { clipsToMake, skippedClip, type Targets } from './existing.js'
import { type GenerateFlags, type PlannedClip, planClips } from './generate-clips.js'
import { soundOptions, startsFromSound, withFlagNames } from './generate-sound.js'
import { interruptSignal } from './interrupt.js'
import { createOutput, type Output } from './output.js'
import { stdoutPath } from './output-path.js'
import { saveClips, type WrittenFile } from './save-clips.js'
import { type SoundFormat, soundOf } from './sound-format.js'

interface Work {
  flags: GenerateFlags
  settings: ReturnType<typeof settingsOf>
  targets: Targets
  output: Output
  signal: AbortSignal
}

interface Made {
  files: WrittenFile[]
  model: ModelInfo
  timings: GenerateTimings & { loadMs: number }
  /** The model's own duration, where it decided. */
  usual: { durationSeconds?: number }
  warnings: string[]
}

export async function runGenerate(prompt: string | undefined, flags: GenerateFlags): Promise<void> {
  const seed = flags.seed ?? BigInt(randomInt(2 ** 32))
  const clips = await planClips(prompt, flags, seed)
  const sound = soundOf(flags)
  const audio = await planDestination('--out', flags.out, extensionsOf[sound.kind], clips)
  const pictures =
    flags.spectrogram === undefined
      ? undefined
      : await planDestination('--spectrogram', flags.spectrogram, ['.png'], clips)
  const targets = { sound, audio, pictures }
  const wanted = new Set(await clipsToMake(flags.existing, targets))

  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  const files = new Array<WrittenFile>(clips.length)
  for (const clip of clips) {
    if (!wanted.has(clip.index)) files[clip.index] = await skipped(clip, flags, targets)
  }
  if (wanted.size < clips.length) {
    output.note(`${clips.length - wanted.size} of ${count(clips.length)} skipped: there already`)
  }
  const cutoff = wanted.size === 0 ? undefined : await cutoffOf(flags, output, signal)
  const settings = settingsOf(flags, seed, cutoff)
  const toMake = clips.filter(({ index }) => wanted.has(index))
  const work = { flags, settings, targets, output, signal }
  const made = wanted.size === 0 ? undefined : await make(toMake, cutoff, work)
  for (const [i, file] of (made?.files ?? []).entries()) files[toMake[i].index] = file
  output.result(
    {
      files,
      settings: {
        ...settings,
        ...made?.usual,
        ...(cutoff && { cutoff: cutoff.hertz }),
        ...describe(sound),
      },
      model: { source: flags.model ?? null, ...made?.model },
      timings: made?.timings ?? noTime,
      warnings: made?.warnings ?? [],
    },
    flags.out === stdoutPath ? '' : files.map((file) => file.path).join('\n'),
  )
}

/** What is told of a clip that is there; its seed only where this command would have given it that. */
async function skipped(
  { index, prompt, seed, options }: PlannedClip,
  flags: GenerateFlags,
  targets: Targets,
): Promise<WrittenFile> {
  const { path, durationSeconds, sampleRate, spectrogram } = await skippedClip(targets, index)
  const given = flags.seed !== undefined || options.seed !== undefined
  const one = (options.candidates ?? flags.candidates ?? 1) === 1
  return {
    ...{ path, prompt, seed: given && one ? seed : null, durationSeconds, sampleRate },
    ...(spectrogram !== undefined && { spectrogram }),
    skipped: true,
  }
}

async function cutoffOf(
  { superResolution, cutoff }: GenerateFlags,
  output: Output,
  signal: AbortSignal,
): Promise<Cutoff | undefined> {
  if (superResolution === undefined) return undefined
  if (cutoff !== undefined) return { hertz: cutoff }
  const found = await measureCutoff(superResolution, signal)
  output.note(
    `the band of ${superResolution} ends at ${found.hertz} Hz (${found.found}); --cutoff overrides`,
  )
  return found
}

function settingsOf(flags: GenerateFlags, seed: bigint, cutoff: Cutoff | undefined) {
  return {
    ...soundOptions(flags, cutoff?.hertz),
    durationSeconds: flags.duration,
    steps: flags.steps,
    guidanceScale: flags.guidance,
    guidanceInterval: flags.guidanceInterval,
    featureCache: flags.featureCache,
    negativePrompt: flags.negative,
    scheduler: flags.scheduler,
    eta: flags.eta,
    ...(flags.lufs !== undefined && { lufs: flags.lufs }),
    ...(flags.truePeak !== undefined && { truePeak: flags.truePeak }),
    seed,
    count: flags.count,
  }
}

async function make(clips: PlannedClip[], cutoff: Cutoff | undefined, work: Work): Promise<Made> {
  const { flags, settings, targets, output, signal } = work
  const started = performance.now()
  output.note(`loading ${flags.model ?? 'the default model'}`)
  const { device, dtype, threads, lora, loraScale } = flags
  // Loaded now and not on top: help, and errors above, should not wait for it.
  const { generate } = await import('../generate/generate.js')
  const { loadModel } = await import('../model/model.js')
  const model = await loadModel(flags.model, { device, dtype, threads, lora, loraScale, signal })
  try {
    const { info } = model
    const loadMs = performance.now() - started
    output.note(
      `loaded in ${seconds(loadMs)}: ${info.device}, ${describeDType(info)}, ${info.threads} threads`,
    )
    if (info.randomWeights)
      output.note('warning: this model has random weights; it makes only noise')
    if (cutoff) checkCutoff(cutoff, flags.superResolution ?? '', info.sampleRate)
    // Every clip with its seed: those between them may be skipped.
    const prompt = clips.map(({ options, seed }) => ({ ...options, seed }))
    const job = generate(model, { ...settings, prompt, count: 1, signal })
    const steps = clips.map(({ index, options }) => ({
      index,
      steps: stepsTaken({ ...settings, ...options, steps: options.steps ?? flags.steps }),
    }))
    const { files, result, warnings } = await saveClips(job, steps, targets)
    const { timings } = result
    output.note(`${count(clips.length)} in ${seconds(timings.totalMs)}, seed ${settings.seed}`)
    const decides = flags.duration === undefined && !startsFromSound(flags)
    const usual = decides ? { durationSeconds: model.folder.usualSeconds } : {}
    return { files, model: info, timings: { loadMs, ...timings }, usual, warnings }
  } catch (error) {
    throw withFlagNames(error, flags)
  } finally {
    await model.dispose()
  }
}

/** Of all its candidates and, in stereo, of the second take. */
function stepsTaken(options: ClipOptions & { steps: number }): number {
  const { init, mask, candidates = 1, steps, channels } = options
  const strength = init === undefined || mask ? 1 : 0.5
  const first = candidates * (steps - firstStepOf(steps, init?.strength ?? strength))
  return first + (channels === 2 ? sideSteps(steps) : 0)
}

function describe({ kind, ...how }: SoundFormat) {
  return { file: kind, ...how }
}

const noTime: Made['timings'] = {
  loadMs: 0,
  textMs: 0,
  stepMs: [],
  vaeMs: 0,
  vocoderMs: 0,
  totalMs: 0,
  firstAudioMs: 0,
}

function count(clips: number): string {
  return clips === 1 ? '1 clip' : `${clips} clips`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
