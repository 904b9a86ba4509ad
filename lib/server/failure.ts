/** Failures as answers: a status, and the error's code and message as JSON. */
import { AbortError, AudioLDMError, RequestError } from '../errors.js'

export interface Failure {
  status: number
  headers: Record<string, string>
  body: { error: { code: string; message: string; hint?: string } }
}

const statuses: Record<string, number> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  TOO_LARGE: 413,
  NOT_JSON: 415,
  BUSY: 429,
  INVALID_OPTION: 400,
  INVALID_AUDIO: 400,
  INVALID_MODEL: 400,
  OUT_OF_MEMORY: 503,
  DISPOSED: 503,
  ABORTED: 503,
}

/** Seconds: about one clip. */
const retryAfter = '10'

/** Of what is no failure of ours nothing is told but that it is: a defect, reported as a warning. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof AudioLDMError)) {
    process.emitWarning(error instanceof Error ? (error.stack ?? error.message) : String(error), {
      type: 'AudioLDMServer',
    })
    const message = 'the server has a defect, which its own output describes'
    return { status: 500, headers: {}, body: { error: { code: 'INTERNAL', message } } }
  }
  const { code, message, hint } = error
  const headers: Record<string, string> = {}
  if (code === 'BUSY') headers['Retry-After'] = retryAfter
  if (code === 'UNAUTHORIZED') headers['WWW-Authenticate'] = 'Bearer'
  const status = statuses[code] ?? 500
  // The rest of its body will not be read.
  if (error instanceof RequestError && status !== 404) headers.Connection = 'close'
  return { status, headers, body: { error: { code, message, ...(hint && { hint }) } } }
}

/** Whether there is nobody left to tell. */
export function isGone(error: unknown, signal: AbortSignal): boolean {
  return error instanceof AbortError && signal.aborted
}
