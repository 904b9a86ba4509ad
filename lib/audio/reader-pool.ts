/** Reads sound files in worker threads: decoding neither blocks this thread nor endangers it. */
import { availableParallelism } from 'node:os'
import { AbortError, DisposedError } from '../errors.js'
import type { DecodedAudio } from './read.js'
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
  resolve: (result: ReaderResult) => void
  reject: (error: Error) => void
}

const defaultTimeoutMs = 120_000

/**
 * As many threads as there are jobs at once, up to `workers`; they are started when needed and stay.
 * Idle ones do not keep the process alive. Works inside worker threads too.
 */
export class AudioReaderPool {
  private readonly threads = new Set<ReaderThread>()
  private readonly queue: Job[] = []
  private readonly running = new Set<Job>()
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

  /** The bytes of a file, which are copied. */
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

  private submit(request: ReaderRequest, signal?: AbortSignal): Promise<ReaderResult> {
    if (this.disposed) return Promise.reject(new DisposedError('the audio reader'))
    if (signal?.aborted) return Promise.reject(new AbortError(signal.reason))
    return new Promise<ReaderResult>((resolve, reject) => {
      const job: Job = { request, resolve, reject }
      const abort = () => {
        const at = this.queue.indexOf(job)
        if (at >= 0) this.queue.splice(at, 1)
        job.reject(new AbortError(signal?.reason))
      }
      if (signal) {
        const done = () => signal.removeEventListener('abort', abort)
        job.resolve = (result) => {
          done()
          resolve(result)
        }
        job.reject = (error) => {
          done()
          reject(error)
        }
        signal.addEventListener('abort', abort)
      }
      this.queue.push(job)
      this.startNext()
    })
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
