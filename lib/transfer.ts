/** Transfers over HTTP that are given up when nothing comes and tried again when that may help. */
import { setTimeout as setTimeoutPromise } from 'node:timers/promises'

const stallMs = 30_000

/** A failure that may pass: cut connection, stall, overload. */
export class PassingFailure extends Error {}

/** Why `fetch` failed. `unreachable`: trying again at once does not help. */
export function networkReason(error: unknown): { reason: string; unreachable: boolean } {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  const code = cause?.code ?? ''
  return {
    reason: code || cause?.message || (error as Error).message,
    unreachable: /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH)$/.test(code),
  }
}

/**
 * Runs `transfer` with a signal that aborts when the caller's does or when `alive` was not called
 * for half a minute. A connection that is cut or silent rejects with PassingFailure.
 */
export async function guarded<T>(
  outer: AbortSignal | undefined,
  transfer: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const forward = () => controller.abort(outer?.reason)
  if (outer?.aborted) forward()
  outer?.addEventListener('abort', forward, { once: true })
  const stalled = new PassingFailure(`no data for ${stallMs / 1000} s`)
  const timer = setTimeout(() => controller.abort(stalled), stallMs)
  try {
    return await transfer(controller.signal, () => timer.refresh())
  } catch (error) {
    if (controller.signal.reason === stalled) throw stalled
    const cut = error instanceof TypeError && error.message === 'terminated'
    throw cut ? new PassingFailure(networkReason(error).reason, { cause: error }) : error
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', forward)
    controller.abort()
  }
}

/**
 * Repeats `attempt` while failures pass and it makes progress; after five in a row rejects with
 * what `giveUp` makes of the last.
 */
export async function retrying<T>(
  signal: AbortSignal | undefined,
  attempt: (progress: () => void) => Promise<T>,
  giveUp: (failure: PassingFailure) => Error,
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await attempt(() => {
        failures = 0
      })
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error
      failures++
      if (failures > 5) throw giveUp(error)
      await setTimeoutPromise(100 * 2 ** failures, undefined, { signal })
    }
  }
}
