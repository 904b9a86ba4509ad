/** Trains from one stop to the next, and does there what is due. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AbortError, OutputError } from '../errors.js'
import { writeFileAtomic } from '../files/write-file.js'
import type { JobControl } from '../job.js'
import type { MetricValues } from '../metrics/metric.js'
import type { TrainEvent, Trainer } from '../native/trainer.js'
import { type CheckpointRecord, checkpointName, prune } from './checkpoints/checkpoint-folder.js'
import type { CheckpointWriter } from './checkpoints/checkpoint-writer.js'
import { curveSvg } from './curves/curve.js'
import { parseMetricsLines } from './curves/metrics-lines.js'
import type { MetricsLog } from './curves/metrics-log.js'
import type { ClipReader } from './data/clip-audio.js'
import type { TrainingSet } from './data/training-set.js'
import { isScored } from './evaluation.js'
import type { Evaluation, FineTuneEvent, FineTuneResult } from './events.js'
import { Listener, type ListenOptions, sampleName } from './listen.js'
import { Pace } from './pace.js'
import { isDue, nextStop, type TrainingPlan } from './plan.js'

export interface LoopContext {
  outputDir: string
  plan: TrainingPlan
  trainer: Trainer
  set: TrainingSet
  log: MetricsLog
  writer: CheckpointWriter
  reader: ClipReader
  listen: ListenOptions
  record: Omit<CheckpointRecord, 'step'>
  /** The step of the checkpoint that training goes on from; 0 at the start. */
  startStep: number
  control: JobControl<FineTuneEvent>
}

const flushMs = 2000

export class TrainingLoop {
  readonly #context: LoopContext
  /** Of the newest checkpoint. */
  #saved: number
  /** Whether the last step changed nothing, because a number was not finite. */
  #skipped = false
  readonly #warned = new Set<string>()

  constructor(context: LoopContext) {
    this.#context = context
    this.#saved = context.startStep
  }

  async run(): Promise<FineTuneResult> {
    const { trainer, plan, control, log } = this.#context
    const timer = setInterval(() => void this.#flush(), flushMs)
    try {
      await this.#begin()
      while (trainer.step < plan.steps) {
        await this.#train(nextStop(plan, trainer.step))
        await this.#stop()
      }
      return this.#result()
    } catch (error) {
      if (!control.signal.aborted) throw error
      throw await this.#stopped()
    } finally {
      clearInterval(timer)
      await this.#flush()
      await log.close()
    }
  }

  /** Does what a run that ended here would have done next. */
  async #begin(): Promise<void> {
    const { startStep, outputDir, log } = this.#context
    if (startStep > 0) await this.#afterCheckpoint(join(outputDir, checkpointName(startStep)))
    else if (log.evaluation === undefined) await this.#evaluate(undefined)
  }

  async #train(until: number): Promise<void> {
    const { set, trainer, control } = this.#context
    const pace = new Pace(this.#context.listen.settings)
    await set.train(trainer, until, (event) => this.#onStep(event, pace), control.signal)
  }

  #onStep(event: TrainEvent, pace: Pace): void {
    const { log, plan, control } = this.#context
    const { step, loss, learningRate, gradientNorm, skipped } = event
    const clipsPerSecond = Number(pace.step().toPrecision(4))
    log.addStep({ step, loss, learningRate, gradientNorm, clipsPerSecond, skipped })
    this.#skipped = skipped
    if (skipped) this.#warn(`step ${step} is skipped: its loss or a gradient is not finite`)
    const etaSeconds = pace.secondsFor(plan.steps - step)
    control.emit({
      ...{ type: 'step', step, steps: plan.steps, loss, learningRate, gradientNorm },
      ...{ clipsPerSecond, etaSeconds, skipped },
    })
  }

  async #stop(): Promise<void> {
    const { plan, trainer } = this.#context
    // Where training diverges, what was good must not be pushed out.
    if (this.#skipped && trainer.step < plan.steps) return
    let path: string
    try {
      path = await this.#save()
    } catch (error) {
      if (!(error instanceof OutputError) || trainer.step === plan.steps) throw error
      this.#warn(`training goes on without a checkpoint of step ${trainer.step}: ${error.message}`)
      return
    }
    await this.#afterCheckpoint(path)
  }

  async #save(): Promise<string> {
    const { trainer, writer, record, control } = this.#context
    await this.#flush()
    const { step } = trainer
    const path = await writer.write(trainer, { ...record, step })
    this.#saved = step
    control.emit({ type: 'checkpoint', step, path })
    return path
  }

  /** What is due after the step of a checkpoint and has not been done. */
  async #afterCheckpoint(path: string): Promise<void> {
    const { plan, trainer, log, outputDir, listen } = this.#context
    const { step } = trainer
    const listener = new Listener(path, listen)
    try {
      const { stops } = plan
      if (isDue(plan, stops.evaluation, step) && log.evaluation?.step !== step) {
        await this.#evaluate(listener)
      }
      if (isDue(plan, stops.sample, step)) await this.#sample(listener, step)
    } finally {
      await listener.dispose()
    }
    await prune(outputDir, listen.settings.keepLast, log.best?.step)
  }

  /** Without a listener, of the validation loss alone. */
  async #evaluate(listener: Listener | undefined): Promise<void> {
    const { set, trainer, control, log, plan } = this.#context
    if (plan.stops.evaluation === null || set.validation.length === 0) return
    const validationLoss = await this.#validationLoss()
    const metrics = listener && (await this.#score(listener))
    const evaluation: Evaluation = {
      step: trainer.step,
      validationLoss,
      ...(metrics && { metrics }),
    }
    log.addEvaluation(evaluation)
    control.emit({ type: 'evaluation', ...evaluation })
    await this.#flush()
    await this.#report()
  }

  async #validationLoss(): Promise<number> {
    const { set, trainer, listen, control } = this.#context
    if (!set.validationData) return Number.NaN
    const items = Int32Array.from(set.validation, (_, i) => i)
    const { draws } = listen.settings.evaluation
    const request = { items, draws, seed: listen.seed, ema: true }
    const losses = await trainer.validate(set.validationData, request, control.signal)
    const data = losses.data() as Float32Array
    losses.dispose()
    return data.reduce((sum, loss) => sum + loss, 0) / data.length
  }

  async #score(listener: Listener): Promise<MetricValues | undefined> {
    const { set, reader, listen } = this.#context
    if (!isScored(listen.settings)) return undefined
    const clips = set.validation.map(({ clip }) => clip)
    return listener.score(clips, reader, (message) => this.#warn(message))
  }

  async #sample(listener: Listener, step: number): Promise<void> {
    const { outputDir, control, listen } = this.#context
    const prompts = listen.settings.sample?.prompts ?? []
    const paths = prompts.map((_, i) => join(outputDir, 'samples', sampleName(step, i)))
    if (paths.every((path) => existsSync(path))) return
    try {
      for await (const sample of listener.samples(outputDir, step)) {
        control.emit({ type: 'sample', step, ...sample })
      }
    } catch (error) {
      if (!(error instanceof OutputError)) throw error
      this.#warn(error.message)
    }
  }

  /** `best.json` and `curve.svg` follow from metrics.jsonl; a run does not end over them. */
  async #report(): Promise<void> {
    const { outputDir, log } = this.#context
    try {
      if (log.best) {
        const { step, validationLoss } = log.best
        const best = { step, validationLoss, checkpoint: checkpointName(step) }
        await writeFileAtomic(join(outputDir, 'best.json'), `${JSON.stringify(best)}\n`)
      }
      const lines = parseMetricsLines(await readFile(log.path, 'utf8'))
      const svg = curveSvg([{ name: basename(outputDir), lines }])
      await writeFileAtomic(join(outputDir, 'curve.svg'), svg)
    } catch (error) {
      this.#warn((error as Error).message)
    }
  }

  async #flush(): Promise<void> {
    try {
      await this.#context.log.flush()
    } catch (error) {
      this.#warn((error as Error).message)
    }
  }

  async #result(): Promise<FineTuneResult> {
    const { outputDir, log, plan } = this.#context
    await this.#flush()
    await this.#report()
    const { evaluation, best } = log
    const bestPath = best && join(outputDir, checkpointName(best.step))
    return {
      checkpoint: join(outputDir, checkpointName(this.#saved)),
      best: bestPath && existsSync(bestPath) ? bestPath : null,
      steps: plan.steps,
      final: {
        loss: log.recentLoss,
        ...(evaluation && {
          validationLoss: evaluation.validationLoss,
          ...(evaluation.metrics && { metrics: evaluation.metrics }),
        }),
      },
    }
  }

  /** Saves what was reached, and says how to go on. */
  async #stopped(): Promise<AbortError> {
    const { trainer, outputDir, listen, log, control } = this.#context
    const { step } = trainer
    let problem = ''
    if (step > this.#saved) {
      try {
        await this.#save()
        await prune(outputDir, listen.settings.keepLast, log.best?.step)
      } catch (error) {
        problem = `; step ${step} could not be saved: ${(error as Error).message}`
      }
    }
    const from = this.#saved > 0 ? `step ${this.#saved}` : 'its start'
    return new AbortError(
      control.signal.reason,
      `training was stopped after step ${step}${problem}`,
      `The same options with resume: true (--resume) go on from ${from}.`,
    )
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#context.control.emit({ type: 'warning', message })
  }
}
