/** What a notebook shows of a job that runs. */
import type { DatasetCheckEvent } from '../datasets/check.js'
import { escapeHtml, svgImage } from '../files/html.js'
import type { GenerateEvent } from '../generate/generate.js'
import type { InstallLibtorchEvent } from '../libtorch/install.js'
import type { CompareEvent } from '../score/compare-result.js'
import type { ScoreEvent } from '../score/result.js'
import type { SaveStatisticsEvent } from '../score/save-statistics.js'
import type { StudyEvent } from '../study/study.js'
import type { MakeDatasetEvent } from '../synthesis/make.js'
import { curveSvg } from '../training/curves/curve.js'
import type { MetricsLine } from '../training/curves/metrics-lines.js'
import type { FineTuneEvent } from '../training/events.js'

export type JobEvent =
  | GenerateEvent
  | FineTuneEvent
  | ScoreEvent
  | CompareEvent
  | SaveStatisticsEvent
  | StudyEvent
  | MakeDatasetEvent
  | DatasetCheckEvent
  | InstallLibtorchEvent

/** Notes that are listed one by one; the rest is counted. */
const listed = 20

const stages: Record<string, string> = {
  text: 'preparing captions',
  files: 'looking at clips',
  audio: 'preparing clips',
  generated: 'generated clips',
  a: 'clips of A',
  b: 'clips of B',
  reference: 'reference clips',
}

export class ProgressView {
  readonly #started = performance.now()
  #done = 0
  /** NaN while it is not known. */
  #total = Number.NaN
  /** What is counted; '' before anything was. */
  #unit = ''
  #beside: string[] = []
  /** Of a study: the cell that is being made. */
  #cell = ''
  readonly #notes: string[] = []
  #moreNotes = 0
  readonly #curve: MetricsLine[] = []
  /** A player for each prompt that a training is listened to with. */
  readonly #samples = new Map<string, string>()

  /** Takes what is in the event: a sample is disposed of. */
  async take(event: JobEvent): Promise<void> {
    switch (event.type) {
      case 'step':
      case 'preparing':
        return this.#progress(event)
      case 'cell': {
        const labels = Object.values(event.labels).join(', ')
        this.#cell = `${event.study} ${event.done} of ${event.total}: ${labels}`
        return
      }
      case 'evaluation': {
        const { step, validationLoss, metrics } = event
        this.#curve.push({ step, validationLoss, metrics: { ...metrics } })
        return
      }
      case 'sample': {
        const title = `${event.prompt}, step ${event.step}`
        this.#samples.set(event.prompt, await event.audio.toHTML({ title }))
        event.audio.dispose()
        return
      }
      case 'skipped':
      case 'problem':
        return this.#note(`${event.path}: ${event.reason}`)
      case 'warning':
        return this.#note(event.message)
    }
  }

  /** `ended` says how, once it has. */
  html(ended?: string): string {
    const known = Number.isFinite(this.#total)
    const count = `${this.#unit} ${this.#done}${known ? ` of ${this.#total}` : ''}`.trim()
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1)
    const texts = [ended ?? this.#cell, this.#unit && count, ...this.#beside, `${seconds} s`]
    const said = escapeHtml(texts.filter(Boolean).join(' · '))
    const [value, max] = known ? [this.#done, this.#total] : [0, 1]
    const bar = `<progress value="${value}" max="${max}" style="width:12em"></progress> `
    const curve = [{ name: 'this run', lines: this.#curve }]
    return [
      `<div style="max-width:960px"><div>${ended === undefined ? bar : ''}${said}</div>`,
      ...(this.#curve.length > 0 ? [svgImage(curveSvg(curve), 'Curve of the training')] : []),
      ...this.#samples.values(),
      `${this.#notesHtml()}</div>`,
    ].join('')
  }

  #progress(event: Extract<JobEvent, { type: 'step' | 'preparing' }>): void {
    if ('bytes' in event) {
      this.#count(event.bytes, event.total ?? Number.NaN, `${event.stage} ${event.archive}, bytes:`)
    } else if ('done' in event) {
      const stage = 'stage' in event ? event.stage : 'clips'
      this.#count(event.done, event.total, `${stages[stage] ?? stage}:`)
    } else if ('loss' in event) {
      const { step, steps, loss, learningRate, gradientNorm, clipsPerSecond } = event
      this.#count(step, steps, 'step', `loss ${loss.toPrecision(3)}`, `${clipsPerSecond} clips/s`)
      this.#curve.push({ step, loss, learningRate, gradientNorm })
    } else {
      const clips = event.clips.map((index) => index + 1).join(', ')
      this.#count(event.step, event.steps, `clip ${clips}, step`)
    }
  }

  #count(done: number, total: number, unit: string, ...beside: string[]): void {
    this.#done = done
    this.#total = total
    this.#unit = unit
    this.#beside = beside
  }

  /** The cells of a study repeat what is to be known of their numbers. */
  #note(text: string): void {
    if (this.#notes.includes(text)) return
    if (this.#notes.length < listed) this.#notes.push(text)
    else this.#moreNotes++
  }

  #notesHtml(): string {
    if (this.#notes.length === 0) return ''
    const items = [
      ...this.#notes,
      ...(this.#moreNotes > 0 ? [`and ${this.#moreNotes} more`] : []),
    ].map((note) => `<li>${escapeHtml(note)}</li>`)
    return `<ul>${items.join('')}</ul>`
  }
}
