/** `metrics.jsonl`: a line a step and one an evaluation. */
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises'
import { outputError } from '../../files/write-file.js'
import type { MetricValues } from '../../metrics/metric.js'
import type { Evaluation } from '../events.js'

export interface LoggedStep {
  step: number
  loss: number
  learningRate: number
  gradientNorm: number
  clipsPerSecond: number
  skipped: boolean
}

const lossesKept = 100

export class MetricsLog {
  readonly path: string
  #file: FileHandle | undefined
  #bytes = 0
  #pending: string[] = []
  #flushing: Promise<void> | undefined
  #losses: number[] = []
  #evaluation: Evaluation | undefined
  #best: { step: number; validationLoss: number } | undefined

  constructor(path: string) {
    this.path = path
  }

  /**
   * Leaves the lines up to `step`, which a run goes on from, and drops what comes after them or was
   * cut off by a crash. @throws OutputError
   */
  async open(step: number): Promise<void> {
    try {
      const bytes = await readFile(this.path).catch((error) => {
        if (error.code === 'ENOENT') return Buffer.alloc(0)
        throw error
      })
      let kept = 0
      for (;;) {
        const end = bytes.indexOf(10, kept)
        const line = end < 0 ? undefined : parse(bytes.toString('utf8', kept, end))
        if (line === undefined || line.step > step) break
        this.#take(line)
        kept = end + 1
      }
      if (kept < bytes.length) await truncate(this.path, kept)
      this.#file = await open(this.path, 'a')
      this.#bytes = kept
    } catch (error) {
      throw outputError(this.path, error)
    }
  }

  /** Is written with the next flush. */
  addStep(line: LoggedStep): void {
    const { skipped, ...rest } = line
    this.#add(skipped ? line : rest)
  }

  addEvaluation(line: Evaluation): void {
    this.#add(line)
  }

  /** @throws OutputError; the lines are kept for the next flush then, and the file is as it was */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => {})
    this.#flushing = this.#write(this.#pending.splice(0))
    await this.#flushing
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  /** Mean of the last finite ones, 100 at most; NaN without any. */
  get recentLoss(): number {
    return this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#losses.length
  }

  /** The last one. */
  get evaluation(): Evaluation | undefined {
    return this.#evaluation
  }

  /** The evaluation of least validation loss after the start. */
  get best(): { step: number; validationLoss: number } | undefined {
    return this.#best
  }

  async #write(lines: string[]): Promise<void> {
    if (lines.length === 0 || !this.#file) return
    const bytes = Buffer.from(lines.join(''))
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#file.write(bytes, done)).bytesWritten
      }
      this.#bytes += bytes.length
    } catch (error) {
      await this.#file.truncate(this.#bytes).catch(() => {})
      this.#pending.unshift(...lines)
      throw outputError(this.path, error)
    }
  }

  #add(line: LoggedLine): void {
    this.#pending.push(`${JSON.stringify(line)}\n`)
    this.#take(line)
  }

  #take({ step, loss, validationLoss, metrics }: LoggedLine): void {
    if (typeof loss === 'number' && Number.isFinite(loss)) {
      this.#losses.push(loss)
      if (this.#losses.length > lossesKept) this.#losses.shift()
    }
    if (validationLoss === undefined && metrics === undefined) return
    this.#evaluation = { step, validationLoss, metrics }
    if (step === 0 || validationLoss === undefined || !Number.isFinite(validationLoss)) return
    if (this.#best === undefined || validationLoss < this.#best.validationLoss) {
      this.#best = { step, validationLoss }
    }
  }
}

interface LoggedLine {
  step: number
  loss?: number | null
  validationLoss?: number
  metrics?: MetricValues
}

function parse(text: string): LoggedLine | undefined {
  try {
    const line: LoggedLine | null = JSON.parse(text)
    return Number.isSafeInteger(line?.step) ? (line as LoggedLine) : undefined
  } catch {
    return undefined
  }
}
