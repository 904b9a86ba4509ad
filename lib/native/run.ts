/** Turns native objects and their jobs into promises, and the core's errors into ours. */
import {
  AbortError,
  type AudioLDMError,
  DisposedError,
  EngineError,
  InvalidWeightsError,
  OutputError,
  TrainingError,
} from '../errors.js'
import type { NativeError, NativeEvent, NativeJob, NativeTensor, NativeTimings } from './binding.js'

export interface NativeResult {
  tensors: NativeTensor[]
  timings?: NativeTimings
}

/** NativeModel, NativeNetwork, NativeCompute and NativeTrainer. */
interface NativeDisposable {
  dispose(onDisposed: () => void): void
}

/**
 * A native object that loads: `create` constructs it with the callback it is given. An abort ends
 * the loading early. What fails to load is disposed of before the promise rejects.
 */
export function loadNativeObject<T extends NativeDisposable>(
  create: (onLoaded: (error: NativeError | null) => void) => T,
  signal: AbortSignal | undefined,
  toError: (error: NativeError) => AudioLDMError = fromNative,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(new AbortError(signal.reason))
  return new Promise((resolve, reject) => {
    const stop = () => native.dispose(() => {})
    const native = create((error) => {
      signal?.removeEventListener('abort', stop)
      if (error === null && !signal?.aborted) return resolve(native)
      native.dispose(() => {
        if (signal?.aborted) reject(new AbortError(signal.reason))
        else reject(toError(error as NativeError))
      })
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}

export function disposeNative(native: NativeDisposable): Promise<void> {
  return new Promise((resolve) => native.dispose(resolve))
}

/**
 * `start` begins the job; its events but the last go to `onEvent`. An abort reaches the core at
 * once and rejects the promise when the core has stopped. `what` is disposed of when a
 * DisposedError says so.
 */
export function runNative(
  start: (onEvent: (event: NativeEvent) => void) => NativeJob,
  signal: AbortSignal | undefined,
  onEvent: (event: Exclude<NativeEvent, { type: 'end' }>) => void = () => {},
  what = 'this model',
): Promise<NativeResult> {
  if (signal?.aborted) {
    return Promise.reject(new AbortError(signal.reason))
  }
  return new Promise((resolve, reject) => {
    const job = start((event) => {
      if (event.type !== 'end') return onEvent(event)
      signal?.removeEventListener('abort', abort)
      if ('error' in event) reject(fromNative(event.error, what, signal?.reason))
      else resolve({ tensors: event.tensors, timings: event.timings })
    })
    const abort = () => job.abort()
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** `reason`: why the job was aborted, if it was; the cause of its AbortError. */
export function fromNative(
  error: NativeError,
  what = 'this model',
  reason?: unknown,
): AudioLDMError {
  switch (error.code) {
    case 'ABORTED':
      return new AbortError(reason)
    case 'DISPOSED':
      return new DisposedError(what)
    case 'INVALID_WEIGHTS':
      return new InvalidWeightsError(error.message)
    case 'DIVERGED':
      return new TrainingError(
        error.message,
        'use a lower learningRate (--lr), a longer warm-up or float32, from the last checkpoint or anew',
      )
    case 'OUTPUT_FAILED':
      return new OutputError(error.message)
    case 'OUT_OF_MEMORY':
      return new EngineError(`out of memory: ${error.message}`, {
        code: 'OUT_OF_MEMORY',
        hint: 'use a shorter duration, a smaller batch, or dtype bfloat16',
      })
    default:
      return new EngineError(error.message)
  }
}
