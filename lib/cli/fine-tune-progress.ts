/** Follows a job of fine-tune on stderr. */
import { basename } from 'node:path'
import type { Job } from '../job.js'
import { scoreOf } from '../training/curves/curve-series.js'
import type {
  Evaluation,
  FineTuneEvent,
  FineTuneResult,
  PreparedData,
  TrainingStep,
} from '../training/events.js'
import { createProgress, type Progress } from './progress.js'
import { Sparkline } from './sparkline.js'

/** Skipped clips that are listed one by one; the rest is counted. */
const listed = 50
const barWidth = 12
const stages = {
  text: 'preparing captions',
  files: 'looking at clips',
  audio: 'preparing clips',
}

export interface Followed {
  result: FineTuneResult
  warnings: string[]
  skipped: { path: string; reason: string }[]
}

/** The result, with what was told on the way. */
export async function follow(job: Job<FineTuneEvent, FineTuneResult>): Promise<Followed> {
  let progress = createProgress()
  const spark = new Sparkline(8)
  const warnings: string[] = []
  const skipped: { path: string; reason: string }[] = []
  try {
    for await (const event of job) {
      if (event.type === 'preparing') {
        progress.update(event.done, event.total, stages[event.stage])
      } else if (event.type === 'prepared') {
        tellSkipped(progress, skipped.length)
        progress.note(preparedText(event))
        progress.stop()
        progress = createProgress(String, barWidth)
      } else if (event.type === 'step') {
        spark.add(event.loss)
        progress.update(event.step, event.steps, stepText(event, spark))
      } else if (event.type === 'skipped') {
        skipped.push({ path: event.path, reason: event.reason })
        if (skipped.length <= listed) {
          progress.note(`skipped ${printable(event.path)}: ${printable(event.reason)}`)
        }
      } else if (event.type === 'checkpoint') {
        progress.note(`step ${event.step}: ${printable(basename(event.path))} written`)
      } else if (event.type === 'sample') {
        progress.note(`step ${event.step}: sample ${printable(event.path)}`)
        event.audio.dispose()
      } else if (event.type === 'evaluation') {
        progress.note(`step ${event.step}: ${evaluationText(event)}`)
      } else {
        warnings.push(event.message)
        progress.note(`warning: ${printable(event.message)}`)
      }
    }
    return { result: await job, warnings, skipped }
  } finally {
    progress.stop()
  }
}

function tellSkipped(progress: Progress, count: number): void {
  if (count > listed) progress.note(`skipped ${count - listed} more clips`)
}

function preparedText(event: PreparedData): string {
  const { clips, validationClips, captions, trainedParameters, startStep } = event
  const parts = [
    `training on ${clips} clips`,
    ...(captions > 0 ? [`captions: ${captions}`] : []),
    `put aside for validation: ${validationClips}`,
    `${(trainedParameters / 1e6).toFixed(1)} M parameters`,
    ...(startStep > 0 ? [`going on from step ${startStep}`] : []),
  ]
  return parts.join(', ')
}

function stepText({ loss, clipsPerSecond, etaSeconds }: TrainingStep, spark: Sparkline): string {
  const rate = `${clipsPerSecond.toPrecision(3)} clips/s`
  return `loss ${loss.toFixed(3)} ${spark} | ${rate} | ${timeText(etaSeconds)} left`
}

function evaluationText({ validationLoss, metrics }: Evaluation): string {
  const parts = Object.entries(metrics ?? {}).map(
    ([name, value]) => `${name} ${scoreOf(value)?.toPrecision(4)}`,
  )
  if (validationLoss !== undefined) parts.unshift(`validation loss ${validationLoss.toFixed(4)}`)
  return parts.join(', ')
}

/** 45s, 12m30s, 3h05m. */
export function timeText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?'
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`
}

/** File names and captions may hold control characters, which terminals obey. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
