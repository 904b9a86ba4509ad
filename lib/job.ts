import { AbortError } from './errors.js'
import { Tensor } from './tensor.js'

/** What a running job uses to report and to learn that it should stop. */
export interface JobControl<E> {
  emit(event: E): void
  /** Aborted when the caller's signal is, or when `job.abort()` is called. */
  signal: AbortSignal
}

/**
 * A long-running piece of work: iterate it for its events, await it for its result, abort it with
 * an AbortSignal or `abort()`. It starts when it is created.
 *
 * Events are conflated while nobody reads: a newer `step` event replaces an unread one; no other
 * event is dropped. A job that is awaited and not iterated drops its events when it has ended. One
 * iteration at a time; leaving the loop early does not abort the job.
 *
 * An aborted job rejects with an AbortError whose `cause` is the signal's reason.
 */
export class Job<E extends { type: string }, R> implements AsyncIterable<E>, PromiseLike<R> {
  readonly #controller = new AbortController()
  readonly #result: Promise<R>
  #queue: E[] = []
  #settled = false
  #awaited = false
  #iterating = false
  #wake: (() => void) | undefined

  /** @internal */
  constructor(work: (control: JobControl<E>) => Promise<R>, signal?: AbortSignal) {
    const forward = () => this.#controller.abort(signal?.reason)
    if (signal?.aborted) forward()
    else signal?.addEventListener('abort', forward, { once: true })

    this.#result = this.#run(work).finally(() => {
      signal?.removeEventListener('abort', forward)
      this.#settled = true
      if (this.#awaited && !this.#iterating) this.#drop(this.#queue.splice(0))
      this.#wake?.()
    })
  }

  /** Stops the job at the next diffusion step or stage. Has no effect on a finished one. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason)
  }

  // biome-ignore lint/suspicious/noThenProperty: a job is awaited for its result.
  then<A = R, B = never>(
    onFulfilled?: ((value: R) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited = true
    if (this.#settled && !this.#iterating) this.#drop(this.#queue.splice(0))
    return this.#result.then(onFulfilled, onRejected)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<E, void, undefined> {
    if (this.#iterating) throw new TypeError('this job is being iterated already')
    this.#iterating = true
    // The iteration reports a failure itself; it must not also count as an unhandled rejection.
    this.#result.catch(() => {})
    try {
      for (;;) {
        const event = this.#queue.shift()
        if (event !== undefined) {
          try {
            yield event
          } finally {
            this.#drop([event])
          }
        } else if (this.#settled) {
          await this.#result
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      this.#iterating = false
      this.#awaited = true
      this.#drop(this.#queue.splice(0))
    }
  }

  async #run(work: (control: JobControl<E>) => Promise<R>): Promise<R> {
    const { signal } = this.#controller
    // Lets the caller attach before the first event.
    await null
    try {
      if (signal.aborted) throw new AbortError()
      return await work({ emit: (event) => this.#emit(event), signal })
    } catch (error) {
      if (!signal.aborted) throw error
      // What was stopped may say how to go on.
      if (error instanceof AbortError && error.hint !== undefined) throw error
      throw new AbortError(signal.reason)
    }
  }

  #emit(event: E): void {
    if (event.type === 'step') {
      const stale = this.#queue.findIndex((other) => other.type === 'step')
      if (stale >= 0) this.#drop(this.#queue.splice(stale, 1))
    }
    this.#queue.push(event)
    this.#wake?.()
  }

  #drop(events: E[]): void {
    for (const event of events) {
      for (const value of Object.values(event) as unknown[]) {
        if (value instanceof Tensor && !value.kept) value.dispose()
      }
    }
  }
}
