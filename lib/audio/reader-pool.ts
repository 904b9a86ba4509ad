/** Reads sound files in worker threads: decoding neither blocks this thread nor endangers it. */
import { availableParallelism } from 'node:os'
import { AbortError, DisposedError } from '../errors.js'
import type { DecodedAudio } from './decoded-audio.js'
import type { ReaderRequest, ReaderResult } from './reader-messages.js'
import { ReaderThread } from './reader-thread.js'

export interface ReaderOptions {
  /** Rejects with AbortError; what has not begun never begins. */
  signal?: AbortSignal
}

export interface ReadAudio {
  /** SHA-256 of the file's bytes, in hexadecimal. */
  hash: string
  audio: DecodedAudio
}

interface Job {
  request: ReaderRequest
  signal?: AbortSignal
  resolve: (result: ReaderResult) => void
  reject: (error: Error) => void
}

interface Watched {
  jobs: Set<Job>
  abort: () => void
}

const defaultTimeoutMs = 120_000

/**
 * As many threads as there are jobs at once, up to `workers`; they are started when needed and stay.
 * Idle ones do not keep the process alive. Works inside worker threads too.
 */
export class AudioReaderPool {
  private readonly threads = new Set<ReaderThread>()
  private queue: Job[] = []
  private readonly running = new Set<Job>()
  private readonly watched = new Map<AbortSignal, Watched>()
  private disposed = false

  /** `timeoutMs`: after which a file is given up and its thread replaced. */
  constructor(
    private readonly workers = Math.min(availableParallelism(), 4),
    private readonly timeoutMs = defaultTimeoutMs,
  ) {}

  /** @throws AudioError with the reason, without the path. */
  async read(path: string, options: ReaderOptions = {}): Promise<ReadAudio> {
    return (await this.submit({ task: 'read', path }, options.signal)) as ReadAudio
  }

  /** The bytes of a file, which are copied when their turn comes. */
  async decode(bytes: Uint8Array, options: ReaderOptions = {}): Promise<ReadAudio> {
    return (await this.submit({ task: 'decode', bytes }, options.signal)) as ReadAudio
  }

  /** The hash that `read` would give, without decoding: any readable file has one. */
  async hash(path: string, options: ReaderOptions = {}): Promise<string> {
    return (await this.submit({ task: 'hash', path }, options.signal)).hash
  }

  /** Ends all threads; whatever is still under way rejects. */
  async dispose(): Promise<void> {
    this.disposed = true
    const jobs = [...this.queue.splice(0), ...this.running]
    for (const job of jobs) job.reject(new DisposedError('the audio reader'))
    const threads = [...this.threads]
    this.threads.clear()
    await Promise.all(threads.map((thread) => thread.end()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  private async submit(request: ReaderRequest, signal?: AbortSignal): Promise<ReaderResult> {
    if (this.disposed) throw new DisposedError('the audio reader')
    if (signal?.aborted) throw new AbortError(signal.reason)
    let stopWatching: (() => void) | undefined
    try {
      return await new Promise<ReaderResult>((resolve, reject) => {
        const job: Job = { request, signal, resolve, reject }
        if (signal) stopWatching = this.watch(signal, job)
        this.queue.push(job)
        this.startNext()
      })
    } finally {
      stopWatching?.()
    }
  }

  /** One listener a signal, however many jobs it stops. */
  private watch(signal: AbortSignal, job: Job): () => void {
    const watched = this.watched.get(signal) ?? this.listen(signal)
    watched.jobs.add(job)
    return () => {
      watched.jobs.delete(job)
      if (watched.jobs.size > 0) return
      signal.removeEventListener('abort', watched.abort)
      this.watched.delete(signal)
    }
  }

  private listen(signal: AbortSignal): Watched {
    const jobs = new Set<Job>()
    const abort = () => {
      this.queue = this.queue.filter((job) => job.signal !== signal)
      for (const job of jobs) job.reject(new AbortError(signal.reason))
    }
    signal.addEventListener('abort', abort)
    const watched = { jobs, abort }
    this.watched.set(signal, watched)
    return watched
  }

  private startNext(): void {
    while (this.queue.length > 0) {
      const thread = this.freeThread()
      const job = thread && this.queue.shift()
      if (!thread || !job) return
      this.running.add(job)
      thread
        .run(job.request, this.timeoutMs)
        .then(job.resolve, job.reject)
        .finally(() => {
          this.running.delete(job)
          this.startNext()
        })
    }
  }

  private freeThread(): ReaderThread | undefined {
    for (const thread of this.threads) {
      if (!thread.alive) this.threads.delete(thread)
      else if (!thread.busy) return thread
    }
    if (this.threads.size >= this.workers || this.disposed) return undefined
    const thread = new ReaderThread()
    this.threads.add(thread)
    return thread
  }
}
