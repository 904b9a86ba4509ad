/** One run of fineTune, from its options to its result. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { AbortError } from '../errors.js'
import { defaultModelDir, packageVersion } from '../files/paths.js'
import type { Skipped } from '../files/walk.js'
import { readModelFolder } from '../hub/folder.js'
import type { ModelFolder } from '../hub/model-folder.js'
import { resolveModel } from '../hub/resolve.js'
import type { JobControl } from '../job.js'
import { Model } from '../model/model.js'
import { arithmeticOf, chooseDevice, defaultThreads, describeDType } from '../native/device.js'
import { loadNative, type NativeCore } from '../native/load.js'
import { Trainer } from '../native/trainer.js'
import { CheckpointWriter } from './checkpoints/checkpoint-writer.js'
import { OutputFolder } from './checkpoints/output-folder.js'
import { recordSettings, requireAhead, requireSame } from './checkpoints/record.js'
import { MetricsLog } from './curves/metrics-log.js'
import { ClipReader } from './data/clip-audio.js'
import { chooseClips } from './data/clips.js'
import { FileHashes } from './data/file-hashes.js'
import { FrozenParts } from './data/frozen-parts.js'
import { hashParts } from './data/settings-hash.js'
import { TrainingSet, type TrainingSetContext } from './data/training-set.js'
import { checkNetworks, clapOf } from './evaluation.js'
import type { FineTuneEvent, FineTuneResult, PreparationProgress } from './events.js'
import { TrainingLoop } from './loop.js'
import { planTraining, type TrainingPlan } from './plan.js'
import type { FineTuneSettings } from './schema.js'
import { toTrainerSpec } from './trainer-spec.js'

export async function runFineTune(
  model: Model | string | undefined,
  given: FineTuneSettings,
  control: JobControl<FineTuneEvent>,
): Promise<FineTuneResult> {
  // Every clip that is read ahead listens to it.
  setMaxListeners(0, control.signal)
  const folder = await folderOf(model)
  const native = loadNative({ libtorchPath: given.libtorchPath, cuda: given.device !== 'cpu' })
  const device = chooseDevice(native, given.device)
  const precision = choosePrecision(native, device, given.dtype)
  // What cannot be trained is found before anything is written.
  planTraining(given, folder, precision)
  const warn = (message: string) => control.emit({ type: 'warning', message })
  const output = await OutputFolder.open(given.outputDir, given.resume, warn)
  if (arithmeticOf(native, device, precision) !== precision) {
    warn(`dtype ${precision}: this CPU does not multiply it; training computes in float32`)
  }
  try {
    const settings = { ...given, warmupSteps: given.warmupSteps ?? recordedWarmup(output) }
    const plan = planTraining(settings, folder, precision)
    const source = model instanceof Model ? model : folder.path
    return await runIn(output, { source, folder, native, device, plan, settings, control, warn })
  } catch (error) {
    // Later on, the error says itself how to go on.
    if (!control.signal.aborted || (error instanceof AbortError && error.hint)) throw error
    const kept = given.cache ? ' What was prepared is kept.' : ''
    const hint = `The same options with resume: true (--resume) go on.${kept}`
    throw new AbortError(control.signal.reason, 'training was stopped before its first step', hint)
  } finally {
    await output.close()
  }
}

interface RunContext {
  source: Model | string
  folder: ModelFolder
  native: NativeCore
  device: string
  plan: TrainingPlan
  settings: FineTuneSettings
  control: JobControl<FineTuneEvent>
  warn: (message: string) => void
}

async function runIn(output: OutputFolder, context: RunContext): Promise<FineTuneResult> {
  const { source, folder, native, device, plan, settings, control } = context
  const { signal } = control
  const threads = settings.threads ?? defaultThreads()
  const fileHashes = new FileHashes(join(settings.cacheDir, 'hashes.jsonl'))
  const hashes = await hashParts(folder, fileHashes)
  const on =
    source instanceof Model
      ? { device: source.info.device, dtype: describeDType(source.info) }
      : { device, dtype: 'float32' }
  const { state } = output
  const recorded = recordSettings(settings, plan, { ...hashes, dtype: on.dtype })
  if (state) {
    requireSame(state.record.settings, recorded, state.path)
    requireAhead(state, plan)
  }
  await checkNetworks(settings, folder, plan.odds.text, signal)

  const reader = new ClipReader(native, threads, fileHashes)
  const { libtorchPath } = settings
  const parts = new FrozenParts(source, { device: on.device, threads, libtorchPath })
  let set: TrainingSet | undefined
  let trainer: Trainer | undefined
  try {
    const prepared = await prepare(context, { hashes, parts, reader, ...on })
    set = prepared.set
    // Nothing but the trainer needs memory from here on, unless clips are encoded as they come.
    if (settings.cache) await parts.dispose()
    Object.assign(recorded, set.fingerprints)
    if (state) requireSame(state.record.settings, recorded, state.path)

    const spec = toTrainerSpec(folder, settings, plan, { device, threads }, state?.tensors ?? null)
    trainer = await Trainer.load(native, spec, signal)
    const startStep = trainer.step
    control.emit({
      type: 'prepared',
      clips: set.clips,
      validationClips: set.validation.length,
      captions: set.captions,
      skipped: prepared.skipped,
      cached: set.cached,
      trainedParameters: countParameters(trainer),
      startStep,
    })
    const log = new MetricsLog(join(output.path, 'metrics.jsonl'))
    await log.open(state ? startStep : -1)
    const loop = new TrainingLoop({
      ...{ outputDir: output.path, plan, trainer, set, log, reader, startStep, control },
      writer: new CheckpointWriter(output.path, folder, plan.lora),
      listen: {
        ...{ settings, format: plan.format, clap: clapOf(folder) },
        ...{ device, threads, seed: plan.seed, signal },
      },
      record: { version: 1, settings: recorded, about: aboutRun(context) },
    })
    return await loop.run()
  } finally {
    await trainer?.dispose()
    set?.dispose()
    await parts.dispose()
    await reader.dispose()
  }
}

async function prepare(
  { plan, settings, folder, native, control, warn }: RunContext,
  computed: Pick<TrainingSetContext, 'hashes' | 'parts' | 'reader' | 'device' | 'dtype'>,
): Promise<{ set: TrainingSet; skipped: number }> {
  const { signal, emit } = control
  const { dataset, validation, evaluation } = settings
  const { hashes, parts, reader, device, dtype } = computed
  const skipped: Skipped[] = []
  const events = {
    skipped,
    onSkipped: (path: string, reason: string) => {
      skipped.push({ path, reason })
      emit({ type: 'skipped', path, reason })
    },
    onWarning: warn,
    onProgress: throttled((progress) => emit({ type: 'preparing', ...progress })),
  }
  const choice = {
    ...{ dataset, validation, validationClips: evaluation.clips },
    ...{ needsText: plan.odds.text, seed: plan.seed },
  }
  const chosen = await chooseClips(choice, events, signal)
  const set = await TrainingSet.prepare(chosen, {
    ...{ settings, plan, folder, native, events, signal },
    ...{ hashes, parts, reader, device, dtype },
  })
  return { set, skipped: skipped.length }
}

/** At most twenty times a second, the last of a stage always. */
function throttled(
  report: (progress: PreparationProgress) => void,
): (progress: PreparationProgress) => void {
  let last = 0
  return (progress) => {
    const now = performance.now()
    if (progress.done < progress.total && now - last < 50) return
    last = now
    report(progress)
  }
}

async function folderOf(model: Model | string | undefined): Promise<ModelFolder> {
  if (model instanceof Model) return model.folder
  return readModelFolder(model === undefined ? defaultModelDir() : await resolveModel(model))
}

function choosePrecision(
  native: NativeCore,
  device: string,
  wanted: FineTuneSettings['dtype'],
): TrainingPlan['precision'] {
  if (wanted !== 'auto') return wanted
  return device !== 'cpu' || native.core.cpuHasBfloat16() ? 'bfloat16' : 'float32'
}

/** Its default follows from `steps`, which may have grown since. */
function recordedWarmup({ state }: OutputFolder): number | undefined {
  const recorded = state?.record.settings.warmupSteps
  return typeof recorded === 'number' ? recorded : undefined
}

function countParameters({ trainable }: Trainer): number {
  let count = 0
  for (const { shape } of trainable) count += shape.reduce((product, size) => product * size, 1)
  return count
}

function aboutRun({ folder, device, plan, settings }: RunContext): Record<string, unknown> {
  const { load: _, ...dataset } = settings.dataset
  const validation =
    typeof settings.validation === 'number' ? settings.validation : settings.validation.path
  return {
    audioldm: packageVersion(),
    model: folder.path,
    dataset,
    validation,
    device,
    steps: plan.steps,
  }
}
