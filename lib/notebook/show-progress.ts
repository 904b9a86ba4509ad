import { InvalidOptionError } from '../errors.js'
import { Job } from '../job.js'
import { show } from '../options.js'
import { type JobEvent, ProgressView } from './progress-view.js'

/** A place for HTML that is written over each time, such as that of tslab's `newDisplay()`. */
export interface HTMLDisplay {
  html(content: string): void
}

/** More often is not smoother, and what is large is sent seldom: 100 kB a second at most. */
const leastMs = 250
const bytesPerMs = 100

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
  let next = 0
  try {
    for await (const event of job) {
      await view.take(event)
      if (performance.now() < next) continue
      const content = view.html()
      display.html(content)
      next = performance.now() + Math.max(leastMs, content.length / bytesPerMs)
    }
    const result = await job
    display.html(view.html('done'))
    return result
  } catch (error) {
    display.html(view.html((error as Error).message))
    throw error
  }
}
