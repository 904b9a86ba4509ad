/** Runs one native job as a promise and turns the core's errors into ours. */
import {
  AbortError,
  type AudioLDMError,
  DisposedError,
  EngineError,
  InvalidWeightsError,
} from '../errors.js'
import type { NativeError, NativeEvent, NativeJob, NativeTensor, NativeTimings } from './binding.js'

export interface NativeResult {
  tensors: NativeTensor[]
  timings?: NativeTimings
}

/**
 * `start` begins the job; its events but the last go to `onEvent`. An abort reaches the core at
 * once and rejects the promise when the core has stopped.
 */
export function runNative(
  start: (onEvent: (event: NativeEvent) => void) => NativeJob,
  signal: AbortSignal | undefined,
  onEvent: (event: Exclude<NativeEvent, { type: 'end' }>) => void = () => {},
): Promise<NativeResult> {
  if (signal?.aborted) {
    return Promise.reject(fromNative({ code: 'ABORTED', message: '' }, signal.reason))
  }
  return new Promise((resolve, reject) => {
    const job = start((event) => {
      if (event.type !== 'end') return onEvent(event)
      signal?.removeEventListener('abort', abort)
      if ('error' in event) reject(fromNative(event.error, signal?.reason))
      else resolve({ tensors: event.tensors, timings: event.timings })
    })
    const abort = () => job.abort()
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** `reason`: why the job was aborted, if it was; the cause of its AbortError. */
export function fromNative(error: NativeError, reason?: unknown): AudioLDMError {
  switch (error.code) {
    case 'ABORTED':
      return new AbortError(reason)
    case 'DISPOSED':
      return new DisposedError('this model')
    case 'INVALID_WEIGHTS':
      return new InvalidWeightsError(error.message)
    case 'OUT_OF_MEMORY':
      return new EngineError(`out of memory: ${error.message}`, {
        code: 'OUT_OF_MEMORY',
        hint: 'use a shorter duration, a smaller batch, or dtype bfloat16',
      })
    default:
      return new EngineError(error.message)
  }
}
