/** Bodies of requests: JSON, bounded one by one and all together. */
import type { IncomingMessage } from 'node:http'
import { RequestError } from '../errors.js'

/** Bytes that bodies may take until the work on them is done. */
export class BodyBudget {
  readonly #each: number
  #left: number

  constructor(each: number, all: number) {
    this.#each = each
    this.#left = all
  }

  /** @throws RequestError: TOO_LARGE, or BUSY where others have the room for now */
  reserve(): BodyRoom {
    let taken = 0
    return {
      grow: (bytes) => {
        if (taken + bytes > this.#each) {
          const megabytes = Math.floor(this.#each / 2 ** 20)
          throw new RequestError('TOO_LARGE', `the body has more than ${megabytes} MiB`)
        }
        if (bytes > this.#left) {
          throw new RequestError('BUSY', 'other requests take all the room for bodies')
        }
        this.#left -= bytes
        taken += bytes
      },
      free: () => {
        this.#left += taken
        taken = 0
      },
    }
  }
}

export interface BodyRoom {
  grow(bytes: number): void
  free(): void
}

/**
 * The JSON value of a body, for which `room` grows.
 * @throws RequestError: NOT_JSON, BAD_REQUEST or what `room` throws
 */
export async function readJson(incoming: IncomingMessage, room: BodyRoom): Promise<unknown> {
  const type = incoming.headers['content-type']?.split(';')[0].trim().toLowerCase()
  if (type !== 'application/json') {
    throw new RequestError('NOT_JSON', 'the body is not said to be JSON', hint)
  }
  // What is announced is refused before it is sent.
  const announced = Number(incoming.headers['content-length'] ?? 0)
  room.grow(announced)
  const bytes = await readBytes(incoming, announced, room)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RequestError('BAD_REQUEST', 'the body is not UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    // Without the excerpt: of a sound it would be noise.
    const where = /at position \d+/.exec((error as Error).message)?.[0] ?? 'at its end'
    throw new RequestError(
      'BAD_REQUEST',
      `the body is not JSON: it breaks off or is wrong ${where}`,
    )
  }
}

async function readBytes(
  incoming: IncomingMessage,
  announced: number,
  room: BodyRoom,
): Promise<Buffer> {
  let read = 0
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      read += chunk.length
      if (read > announced) room.grow(Math.min(chunk.length, read - announced))
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw new RequestError('BAD_REQUEST', 'the body broke off')
  }
  return Buffer.concat(chunks)
}

const hint = 'Send the header Content-Type: application/json.'
