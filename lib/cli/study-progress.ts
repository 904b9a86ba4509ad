/** Follows a study on stderr. */
import type { Job } from '../job.js'
import type { StudyEvent } from '../study/events.js'
import type { StudyResults } from '../study/results.js'
import { createProgress } from './progress.js'

/** Skipped files that are listed one by one; the rest is counted. */
const listed = 50

const stages = {
  references: 'references',
  preparing: 'preparing to train',
  training: 'training steps',
  generating: 'clips generated',
  corrupting: 'clips corrupted',
  scoring: 'clips heard',
}

export async function follow(job: Job<StudyEvent, StudyResults>): Promise<StudyResults> {
  const progress = createProgress()
  const warnings = new Set<string>()
  let skipped = 0
  try {
    for await (const event of job) {
      if (event.type === 'step') {
        progress.update(event.done, event.total, stages[event.stage])
      } else if (event.type === 'cell') {
        const labels = Object.entries(event.labels).map(([name, value]) => `${name} ${value}`)
        const place = `${event.done} of ${event.total}`
        progress.note(`${place}: ${event.study}, ${labels.join(', ')}: ${event.state}`)
      } else if (event.type === 'skipped') {
        skipped++
        if (skipped <= listed) progress.note(printable(`skipped ${event.path}: ${event.reason}`))
      } else if (!warnings.has(event.message)) {
        // Every cell would say it again.
        warnings.add(event.message)
        progress.note(printable(`warning: ${event.message}`))
      }
    }
    if (skipped > listed) progress.note(`skipped ${skipped - listed} more`)
    return await job
  } finally {
    progress.stop()
  }
}

/** File names may hold control characters, which terminals obey. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
