/** One training of the fine-tuning study: kept in a folder of its own, and gone on with. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../files/canonical-json.js'
import { writeFileAtomic } from '../files/write-file.js'
import {
  checkpointName,
  listCheckpoints,
  removeCheckpoint,
} from '../training/checkpoints/checkpoint-folder.js'
import { fineTune } from '../training/fine-tune.js'
import type { StudyContext, StudyModel } from './context.js'
import type { StudySettings } from './schema.js'
import type { TestSet } from './test-set.js'

export interface TrainingCase {
  test: TestSet
  pretrained: boolean
  trainCondition: 'text' | 'audio'
  /** From 0 on: its seed is that of the study + this. */
  repeat: number
}

export interface Trained {
  /** Of the checkpoint of the least validation loss. */
  bestStep: number
}

type TrainingSettings = NonNullable<StudySettings['training']>

export class StudyTraining {
  readonly #folder: string
  /** All that decides the weights. */
  readonly identity: Record<string, unknown>

  constructor(
    private readonly context: StudyContext,
    readonly base: StudyModel,
    private readonly options: TrainingSettings,
    data: string,
    readonly of: TrainingCase,
  ) {
    const { settings } = context
    const { cacheDir, ...decisive } = options
    const { test: _, ...rest } = of
    this.identity = {
      ...{ ...rest, model: base.hash, data, options: decisive },
      seed: String(this.#seed),
    }
    const name = createHash('sha256').update(canonicalJson(this.identity)).digest('hex')
    this.#folder = join(settings.outputDir, 'trainings', name.slice(0, 16))
  }

  /** The steps whose checkpoints are evaluated. */
  get steps(): number[] {
    const { steps } = this.options
    const every = this.#evaluateEvery
    const due = Array.from({ length: Math.floor(steps / every) }, (_, i) => (i + 1) * every)
    return [...new Set([...due, steps])]
  }

  checkpoint(step: number): string {
    return join(this.#folder, checkpointName(step))
  }

  /**
   * Trains, or goes on, until the checkpoints of `steps` are there: where one is gone, all over.
   * Without `steps`, only that of the least validation loss is needed.
   */
  async finish(steps: readonly number[] = []): Promise<Trained> {
    const done = await this.#read()
    const needed = done && [...steps, done.bestStep]
    if (needed?.every((step) => existsSync(this.checkpoint(step)))) return done as Trained
    if (done) await rm(this.#folder, { recursive: true, force: true })
    const bestStep = await this.#train(steps.length > 0)
    await writeFileAtomic(join(this.#folder, 'trained.json'), `${JSON.stringify({ bestStep })}\n`)
    return { bestStep }
  }

  /** Removes all checkpoints but that of the least validation loss. */
  async prune(): Promise<void> {
    const done = await this.#read()
    if (!done) return
    for (const entry of await listCheckpoints(this.#folder)) {
      if (entry.step !== done.bestStep) await removeCheckpoint(this.#folder, entry)
    }
  }

  get #seed(): bigint {
    return BigInt.asUintN(64, this.context.settings.seed + BigInt(this.of.repeat))
  }

  get #evaluateEvery(): number {
    return this.options.evaluateEvery ?? Math.ceil(this.options.steps / 10)
  }

  /** The step of the least validation loss; of none, where no loss is finite, the last. */
  async #train(keepAll: boolean): Promise<number> {
    const { settings, control, signal } = this.context
    const { test, pretrained, trainCondition } = this.of
    const { device, threads, libtorchPath } = settings
    const evaluateEvery = this.#evaluateEvery
    const job = fineTune(this.base.folder.path, {
      ...this.options,
      ...{ device, threads, libtorchPath, signal, evaluateEvery },
      dataset: test.training,
      condition: trainCondition,
      init: pretrained ? 'pretrained' : 'scratch',
      seed: this.#seed,
      outputDir: this.#folder,
      checkpointEvery: evaluateEvery,
      keepLast: keepAll ? Math.min(1000, this.steps.length) : 1,
      resume: true,
    })
    for await (const event of job) {
      if (event.type === 'warning' || event.type === 'skipped') control.emit(event)
      if (event.type === 'preparing') {
        control.emit({ type: 'step', stage: 'preparing', done: event.done, total: event.total })
      }
      if (event.type === 'step') {
        control.emit({ type: 'step', stage: 'training', done: event.step, total: event.steps })
      }
    }
    const { best, checkpoint } = await job
    const found = (await listCheckpoints(this.#folder)).find(
      ({ path }) => path === (best ?? checkpoint),
    )
    return found?.step ?? this.options.steps
  }

  async #read(): Promise<Trained | undefined> {
    const text = await readFile(join(this.#folder, 'trained.json'), 'utf8').catch(() => '')
    return text === '' ? undefined : (JSON.parse(text) as Trained)
  }
}
