/** What the cells of a run share: settings, models, networks, and what they are known by. */
import { join } from 'node:path'
import { describeBackbone } from '../backbones/describe.js'
import { InvalidOptionError } from '../errors.js'
import { defaultModelDir, packageVersion } from '../files/paths.js'
import { readModelFolder } from '../hub/folder.js'
import type { ModelFolder } from '../hub/model-folder.js'
import { resolveModel } from '../hub/resolve.js'
import type { JobControl } from '../job.js'
import { loadModel, type Model } from '../model/model.js'
import { arithmeticOf, chooseDevice, chooseDType } from '../native/device.js'
import { loadNative } from '../native/load.js'
import { parseOptions } from '../options.js'
import type { ScoreOptions } from '../score/options.js'
import { withPreset } from '../score/presets.js'
import { givenBackbones, scoreSchema } from '../score/schema.js'
import { defaultTrainingCacheDir } from '../training/cache-dir.js'
import { FileHashes } from '../training/data/file-hashes.js'
import type { StudyEvent } from './events.js'
import { hashModel } from './model-hash.js'
import type { StudySettings } from './schema.js'

export type StudyControl = JobControl<StudyEvent>

/** A model, read and not loaded. */
export interface StudyModel {
  folder: ModelFolder
  hash: string
}

export class StudyContext {
  /** What the numbers depend on besides settings, weights and sounds. */
  readonly environment: Readonly<Record<string, string>>
  readonly #hashes: FileHashes
  #loaded: { path: string; model: Model } | undefined

  constructor(
    readonly settings: StudySettings,
    readonly control: StudyControl,
  ) {
    const { device, libtorchPath } = settings
    const native = loadNative({ libtorchPath, cuda: device !== 'cpu' })
    const chosen = chooseDevice(native, device)
    const dtype = chooseDType(native, chosen, 'auto')
    this.environment = {
      version: packageVersion(),
      libtorch: native.libtorch.version,
      device: chosen.split(':')[0],
      dtype,
      arithmetic: arithmeticOf(native, chosen, dtype),
    }
    const cacheDir = settings.training?.cacheDir ?? defaultTrainingCacheDir()
    this.#hashes = new FileHashes(join(cacheDir, 'hashes.jsonl'))
  }

  get signal(): AbortSignal {
    return this.control.signal
  }

  /** @throws InvalidModelError, InvalidWeightsError, HubError, InvalidOptionError */
  async read(source: string | undefined): Promise<StudyModel> {
    const path = source === undefined ? defaultModelDir() : await resolveModel(source)
    const folder = await readModelFolder(path)
    return { folder, hash: await hashModel(folder, this.#hashes) }
  }

  /** SHA-256 of a file's content, remembered in the cache where fine-tuning looks too. */
  hashFile(path: string): Promise<string> {
    return this.#hashes.of(path)
  }

  /** One model is loaded at a time. It is the context's to dispose. */
  async load(path: string): Promise<Model> {
    if (this.#loaded?.path === path) return this.#loaded.model
    await this.close()
    const { device, threads, libtorchPath } = this.settings
    const model = await loadModel(path, { device, threads, libtorchPath, signal: this.signal })
    this.#loaded = { path, model }
    return model
  }

  async close(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = undefined
    await loaded?.model.dispose()
  }

  /** Options of every `score` of the study. `clap`: of a model that hears, where no network is given. */
  scoring(clap: ModelFolder): StudyScoringOptions {
    const { scoring, device, threads, libtorchPath } = this.settings
    const given = { bootstrap: 1000, ...scoring, ...{ device, threads, libtorchPath } }
    if (given.preset !== undefined || Object.keys(parse(given).specs).length > 0) return given
    if (!clap.parts.audio_encoder) {
      throw new InvalidOptionError(
        'scoring',
        'no network is given, and the model has no audio_encoder/ to compare clips by',
        'Give panns and vggish, as for score().',
      )
    }
    const metrics = scoring.metrics ?? (['fd', 'kad', 'clap'] as const)
    return { ...given, clap: clap.path, backbone: 'clap', metrics }
  }

  /** What decides the numbers of `options`, with its files by their content. */
  async scoringIdentity(options: StudyScoringOptions): Promise<Record<string, unknown>> {
    const { parsed, specs } = parse(options)
    const { preset, metrics, backbone, mono, resampler, dtype, bootstrap, bootstrapSeed } = parsed
    const networks: Record<string, string> = {}
    for (const [role, spec] of Object.entries(specs)) {
      const precision = dtype === 'auto' ? undefined : dtype
      const described = await describeBackbone(spec, { dtype: precision, signal: this.signal })
      networks[role] = described.hash
    }
    return { preset, metrics, backbone, mono, resampler, dtype, bootstrap, bootstrapSeed, networks }
  }
}

export type StudyScoringOptions = Omit<ScoreOptions, 'generated'>

function parse(options: StudyScoringOptions) {
  const parsed = parseOptions(scoreSchema, withPreset({ ...options, generated: [] }))
  return { parsed, specs: givenBackbones(parsed, parsed.metrics).specs }
}
