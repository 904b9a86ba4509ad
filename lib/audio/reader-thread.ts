/** One worker thread that reads sound files. */
import { Worker } from 'node:worker_threads'
import { AudioError, EngineError } from '../errors.js'
import { readerWorkerPath } from '../files/paths.js'
import {
  type ReaderReply,
  type ReaderRequest,
  type ReaderResult,
  ready,
} from './reader-messages.js'

interface Task {
  resolve: (result: ReaderResult) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

/** Memory for a decoder's objects; samples lie outside of it. */
const heapMegabytes = 1024

export class ReaderThread {
  private readonly worker: Worker
  private task?: Task
  private loaded = false
  private ended = false

  constructor() {
    this.worker = new Worker(readerWorkerPath(), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    })
    this.worker.on('message', (message: typeof ready | ReaderReply) => {
      if (message === ready) this.loaded = true
      else this.settle(message)
    })
    this.worker.on('error', (error) => this.fail(error.message))
    this.worker.on('exit', () => this.fail('the thread ended'))
    this.worker.unref()
  }

  get busy(): boolean {
    return this.task !== undefined
  }

  /** False once the thread has ended or is about to: another one has to take its place. */
  get alive(): boolean {
    return !this.ended
  }

  /**
   * Runs one request; the next may follow when this one has settled. The process stays alive for it.
   * @throws AudioError when the file is bad, takes longer than `timeoutMs` or kills the decoder.
   */
  run(request: ReaderRequest, timeoutMs: number): Promise<ReaderResult> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.task?.reject(new AudioError(`took longer than ${timeoutMs / 1000} s to read`))
        this.finish()
        void this.end()
      }, timeoutMs)
      this.task = { resolve, reject, timer }
      this.worker.ref()
      if (request.task === 'decode') {
        // A copy of just these bytes: what they are a part of would go along, and be lost if moved.
        const bytes = new Uint8Array(request.bytes)
        this.worker.postMessage({ ...request, bytes }, [bytes.buffer])
      } else {
        this.worker.postMessage(request)
      }
    })
  }

  async end(): Promise<void> {
    this.ended = true
    await this.worker.terminate()
  }

  private settle(reply: ReaderReply): void {
    const { task } = this
    this.finish()
    if ('result' in reply) {
      task?.resolve(reply.result)
      return
    }
    const { message, hint, decoderFailed } = reply.failure
    if (decoderFailed) void this.end()
    task?.reject(new AudioError(message, { hint }))
  }

  private fail(reason: string): void {
    this.ended = true
    const { task, loaded } = this
    this.finish()
    task?.reject(
      loaded
        ? new AudioError(`cannot be decoded (${reason})`)
        : new EngineError(`a thread that reads sound files cannot start: ${reason}`, {
            hint: 'install the package again',
          }),
    )
  }

  private finish(): void {
    clearTimeout(this.task?.timer)
    this.task = undefined
    this.worker.unref()
  }
}
