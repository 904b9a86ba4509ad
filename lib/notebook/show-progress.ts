import { InvalidOptionError } from '../errors.js'
import { Job } from '../job.js'
import { show } from '../options.js'
import { type JobEvent, ProgressView } from './progress-view.js'

/** A place for HTML that is written over each time, such as that of tslab's `newDisplay()`. */
export interface HTMLDisplay {
  html(content: string): void
}

/** Notebooks keep every message until it is drawn: more would be late and not smoother. */
const everyMs = 250

/**
 * Follows a job in place: how far it is, warnings, what was skipped; of fineTune the curve and the
 * samples. Gives the job's result, or rejects as the job does. Nobody else may iterate the job, and
 * leaving off here does not stop it: `job.abort()` does.
 */
export async function showProgress<R>(job: Job<JobEvent, R>, display: HTMLDisplay): Promise<R> {
  if (!(job instanceof Job)) {
    throw new InvalidOptionError(
      'job',
      `expected what generate() and others give, got ${show(job)}`,
    )
  }
  if (typeof display?.html !== 'function') {
    const hint = "In tslab: showProgress(job, newDisplay()), with newDisplay from 'tslab'."
    throw new InvalidOptionError('display', `expected one with html(), got ${show(display)}`, hint)
  }
  const view = new ProgressView()
  let shown = Number.NEGATIVE_INFINITY
  try {
    for await (const event of job) {
      await view.take(event)
      const now = performance.now()
      if (now - shown < everyMs) continue
      display.html(view.html())
      shown = performance.now()
    }
    const result = await job
    display.html(view.html('done'))
    return result
  } catch (error) {
    display.html(view.html((error as Error).message))
    throw error
  }
}
