/** Requests to one hub endpoint: token, timeouts, and errors that say what to do. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HubError } from '../errors.js'
import { networkReason, PassingFailure, retrying } from '../transfer.js'
import { hubHome } from './cache.js'

export interface Connection {
  endpoint: string
  token?: string
  signal?: AbortSignal
  /** What is being asked for, in messages. */
  id: string
  revision: string
}

/** The token of HF_TOKEN, else the one `hf auth login` stored. */
export function storedToken(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.HF_TOKEN) return env.HF_TOKEN.trim()
  try {
    const path = env.HF_TOKEN_PATH || join(hubHome(env), 'token')
    return readFileSync(path, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

/**
 * `fetch` with the token (sent to the endpoint only, never to where it redirects or links), that
 * rejects with a HubError or PassingFailure for every answer that is not a success.
 */
export async function hubFetch(
  connection: Connection,
  url: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers)
  const home = new URL(url).origin === new URL(connection.endpoint).origin
  if (connection.token && home) headers.set('authorization', `Bearer ${connection.token}`)
  let response: Response
  try {
    response = await fetch(url, { ...init, headers, signal: init.signal ?? connection.signal })
  } catch (error) {
    if (connection.signal?.aborted) throw error
    throw networkFailure(connection, error)
  }
  if (response.ok) return response
  await response.body?.cancel().catch(() => {})
  throw statusFailure(connection, url, response)
}

function networkFailure(connection: Connection, error: unknown): Error {
  const { reason, unreachable } = networkReason(error)
  if (unreachable) {
    return new HubError('HUB_OFFLINE', `cannot reach ${connection.endpoint} (${reason})`, {
      hint: 'check the network; for a proxy or mirror set HF_ENDPOINT; pulled models work offline',
      cause: error,
    })
  }
  return new PassingFailure(reason, { cause: error })
}

function statusFailure(connection: Connection, url: string, response: Response): Error {
  const { id, revision, endpoint } = connection
  const kind = response.headers.get('x-error-code')
  const status = response.status
  if (status === 429 || status >= 500) return new PassingFailure(`the hub answered ${status}`)
  if (status === 403 || kind === 'GatedRepo') {
    return new HubError('HUB_NOT_FOUND', `access to ${id} on ${endpoint} is restricted`, {
      hint: `accept its terms at ${endpoint}/${id}, then set HF_TOKEN to your access token`,
    })
  }
  if (kind === 'RevisionNotFound') {
    return new HubError('HUB_NOT_FOUND', `${id} has no revision '${revision}'`, {
      hint: `see ${endpoint}/${id}/tree/main for its branches`,
    })
  }
  if (status === 401 || status === 404) {
    return new HubError(
      'HUB_NOT_FOUND',
      `there is no model ${id} on ${endpoint}, or it is private`,
      {
        hint: 'check the spelling; for a private model set HF_TOKEN to your access token',
      },
    )
  }
  return new HubError('HUB_DOWNLOAD_FAILED', `${endpoint} answered ${status} for ${url}`)
}

/** The whole body, or undefined when it is longer than `limit` bytes. */
export async function readAtMost(
  response: Response,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** `retrying` that in the end rejects with HUB_DOWNLOAD_FAILED for `what`. */
export function retryingHub<T>(
  connection: Connection,
  what: string,
  attempt: (progress: () => void) => Promise<T>,
): Promise<T> {
  return retrying(
    connection.signal,
    attempt,
    (failure) =>
      new HubError('HUB_DOWNLOAD_FAILED', `${what}: ${failure.message}`, {
        hint: 'run the same command again: it goes on where it stopped',
        cause: failure,
      }),
  )
}
