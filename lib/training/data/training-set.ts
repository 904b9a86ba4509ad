/** What is trained and validated on: rows that were computed before, or clips as they come. */
import { join } from 'node:path'
import { canonicalJson } from '../../files/canonical-json.js'
import type { ModelFolder } from '../../hub/model-folder.js'
import { lookAhead } from '../../look-ahead.js'
import type { NativeTrainingData } from '../../native/binding.js'
import type { NativeCore } from '../../native/load.js'
import type { TrainEvent, Trainer } from '../../native/trainer.js'
import type { TrainingPlan } from '../plan.js'
import type { FineTuneSettings } from '../schema.js'
import type { ClipReader } from './clip-audio.js'
import { type ChosenClips, requireTwo, type TrainingClip } from './clips.js'
import type { FrozenParts } from './frozen-parts.js'
import { LiveClips } from './live-clips.js'
import {
  type Preparation,
  type PreparationEvents,
  type PreparedClip,
  prepareClips,
  prepareTexts,
  type Stores,
} from './prepare.js'
import { RowCache } from './row-cache.js'
import { MemoryRows } from './rows.js'
import { type PartHashes, rowFolders, sha256 } from './settings-hash.js'
import { TrainingTensors } from './training-data.js'

export interface TrainingSetContext {
  settings: FineTuneSettings
  plan: TrainingPlan
  folder: ModelFolder
  native: NativeCore
  hashes: PartHashes
  /** What the frozen parts compute on and in. */
  device: string
  dtype: string
  parts: FrozenParts
  reader: ClipReader
  events: PreparationEvents
  signal: AbortSignal
}

type OnStep = (event: TrainEvent) => void

export class TrainingSet {
  /** Clips trained on. */
  readonly clips: number
  readonly validation: readonly PreparedClip[]
  readonly validationData: NativeTrainingData | null
  /** Hashes of both, by which they are known again. */
  readonly fingerprints: { dataset: string; validation: string }
  readonly captions: number
  /** Clips, validation clips and captions that had been computed before. */
  readonly cached: number
  readonly #source: CachedSource | LiveSource
  readonly #tensors: TrainingTensors | null

  private constructor(
    source: CachedSource | LiveSource,
    tensors: TrainingTensors | null,
    about: Pick<TrainingSet, 'clips' | 'validation' | 'fingerprints' | 'captions' | 'cached'>,
  ) {
    this.#source = source
    this.#tensors = tensors
    this.clips = about.clips
    this.validation = about.validation
    this.fingerprints = about.fingerprints
    this.captions = about.captions
    this.cached = about.cached
    this.validationData =
      tensors && about.validation.length > 0 ? tensors.dataOf(about.validation) : null
  }

  /** @throws AudioError where fewer than two clips can be trained on */
  static prepare(chosen: ChosenClips, context: TrainingSetContext): Promise<TrainingSet> {
    return context.settings.cache
      ? TrainingSet.#cached(chosen, context)
      : TrainingSet.#live(chosen, context)
  }

  /** Trains until so many steps are done. */
  train(trainer: Trainer, until: number, onStep: OnStep, signal: AbortSignal): Promise<void> {
    return this.#source.train(trainer, until, onStep, signal)
  }

  dispose(): void {
    this.#tensors?.dispose()
  }

  static async #cached(chosen: ChosenClips, context: TrainingSetContext): Promise<TrainingSet> {
    const { settings, plan, native } = context
    const stores = await openCaches(context)
    const preparation = { ...context, stores, format: plan.format }
    try {
      const texts = textsOf([...chosen.train, ...chosen.validation])
      let cached = await prepareTexts(texts, preparation)
      const all = await prepareClips([...chosen.train, ...chosen.validation], preparation)
      cached += all.cached
      const isTrained = new Set(chosen.train)
      const train = all.clips.filter(({ clip }) => isTrained.has(clip))
      const validation = all.clips.filter(({ clip }) => !isTrained.has(clip))
      requireTwo(train.length, settings.dataset, context.events.skipped)
      const tensors = new TrainingTensors(native.core.NativeTensor, stores, plan.odds)
      return new TrainingSet(new CachedSource(tensors.dataOf(train)), tensors, {
        clips: train.length,
        validation,
        fingerprints: {
          dataset: fingerprint(train.map(({ clip, key }) => [key, clip.captions])),
          validation: fingerprint(validation.map(({ clip, key }) => [key, clip.captions])),
        },
        captions: texts.length - 1,
        cached,
      })
    } finally {
      await closeAll(stores)
    }
  }

  static async #live(chosen: ChosenClips, context: TrainingSetContext): Promise<TrainingSet> {
    const { settings, plan, native, folder } = context
    const { format, momentsShape, odds, seed } = plan
    const embedding = folder.info.text.embedding
    const clips = new LiveClips(chosen.train, {
      ...context,
      ...{ format, odds, momentsShape, embedding, seed },
    })
    requireTwo(await clips.count(2), settings.dataset, context.events.skipped)
    const stores: Stores = {
      text: new MemoryRows([embedding]),
      moments: new MemoryRows(momentsShape),
      audio: odds.audio ? new MemoryRows([embedding]) : null,
    }
    const preparation: Preparation = { ...context, stores, format }
    await prepareTexts(textsOf(chosen.validation), preparation)
    const { clips: validation } = await prepareClips(chosen.validation, preparation)
    const tensors =
      validation.length > 0 ? new TrainingTensors(native.core.NativeTensor, stores, odds) : null
    return new TrainingSet(new LiveSource(clips, chosen.train.length, native), tensors, {
      clips: chosen.train.length,
      validation,
      fingerprints: {
        dataset: fingerprint(chosen.train.map(describeUnread)),
        validation: fingerprint(validation.map(({ clip, key }) => [key, clip.captions])),
      },
      captions: new Set(chosen.train.flatMap(({ captions }) => captions)).size,
      cached: 0,
    })
  }
}

class CachedSource {
  constructor(private readonly data: NativeTrainingData) {}

  train(trainer: Trainer, until: number, onStep: OnStep, signal: AbortSignal): Promise<void> {
    return trainer.train(this.data, until, onStep, signal)
  }
}

/** While a step is trained, those after it are prepared. */
class LiveSource {
  constructor(
    private readonly clips: LiveClips,
    private readonly count: number,
    private readonly native: NativeCore,
  ) {}

  async train(trainer: Trainer, until: number, onStep: OnStep, signal: AbortSignal): Promise<void> {
    const first = trainer.step
    const steps = Array.from({ length: until - first }, (_, i) => first + i)
    const make = (step: number) =>
      this.clips.step(this.native.core.NativeTensor, step, trainer.itemsOf(step, this.count))
    for await (const step of lookAhead(steps, 2, make, (unused) => unused.dispose())) {
      try {
        await trainer.train(step.data, trainer.step + 1, onStep, signal)
      } finally {
        step.dispose()
      }
    }
  }
}

async function openCaches(context: TrainingSetContext): Promise<Stores> {
  const { settings, plan, folder, hashes, device, dtype, native } = context
  const names = rowFolders(folder, hashes, {
    device: device.split(':')[0],
    dtype,
    libtorch: native.libtorch.version,
    latentFrames: plan.latentFrames,
  })
  const embedding = folder.info.text.embedding
  const cache = async (name: string, shape: readonly number[]) => {
    const rows = new RowCache(join(settings.cacheDir, name), shape)
    await rows.open()
    return rows
  }
  return {
    text: await cache(names.text, [embedding]),
    moments: await cache(names.moments, plan.momentsShape),
    audio: plan.odds.audio ? await cache(names.audio, [embedding]) : null,
  }
}

async function closeAll({ text, moments, audio }: Stores): Promise<void> {
  await Promise.all([text.close(), moments.close(), audio?.close()])
}

/** All different ones, and the empty one that stands for no condition. */
function textsOf(clips: readonly TrainingClip[]): string[] {
  return [...new Set(['', ...clips.flatMap(({ captions }) => captions)])]
}

function describeUnread({ id, captions, startSeconds, endSeconds }: TrainingClip): unknown {
  return [id, captions, startSeconds ?? 0, endSeconds ?? null]
}

function fingerprint(clips: unknown[]): string {
  return sha256(canonicalJson(clips))
}
