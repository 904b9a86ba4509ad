/** Follows a job of score or stats on stderr. */
import type { Job } from '../job.js'
import type { CompareEvent } from '../score/compare-result.js'
import type { ScoreEvent } from '../score/result.js'
import type { SaveStatisticsEvent } from '../score/save-statistics.js'
import { createProgress } from './progress.js'

/** Skipped files that are listed one by one; the rest is counted. */
const listed = 50

const units = {
  generated: 'generated clips',
  a: 'clips of A',
  b: 'clips of B',
  reference: 'reference clips',
  prompts: 'prompts',
}

type Told = { type: 'metric' } & Extract<ScoreEvent, { type: 'metric' }>

/**
 * The result, with the warnings and the metrics that were told on the way; `notes` are those of the
 * warnings that are about a metric.
 */
export async function follow<R>(
  job: Job<ScoreEvent, R> | Job<CompareEvent, R> | Job<SaveStatisticsEvent, R>,
): Promise<{ result: R; warnings: string[]; notes: string[]; metrics: Told[] }> {
  const progress = createProgress()
  const warnings: string[] = []
  const notes: string[] = []
  const metrics: Told[] = []
  let skipped = 0
  try {
    for await (const event of job as Job<ScoreEvent | CompareEvent | SaveStatisticsEvent, R>) {
      if (event.type === 'step') {
        const what = 'stage' in event ? units[event.stage] : 'clips'
        progress.update(event.done, event.total, what)
      } else if (event.type === 'skipped') {
        skipped++
        if (skipped <= listed) {
          progress.note(`skipped ${printable(event.path)}: ${printable(event.reason)}`)
        }
      } else if (event.type === 'warning') {
        const of = 'set' in event && event.set ? `${event.set.toUpperCase()}: ` : ''
        warnings.push(of + event.message)
        if ('metric' in event) notes.push(of + event.message)
        progress.note(`warning: ${of}${event.message}`)
      } else {
        metrics.push(event)
      }
    }
    if (skipped > listed) progress.note(`skipped ${skipped - listed} more files`)
    return { result: await job, warnings, notes, metrics }
  } finally {
    progress.stop()
  }
}

/** File names may hold control characters, which terminals obey. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
