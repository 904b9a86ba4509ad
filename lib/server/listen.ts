/** The HTTP server below the routes: its limits, and answers to what is not HTTP. */
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { InvalidOptionError, ListenError, RequestError } from '../errors.js'
import { failureOf } from './failure.js'
import type { Limits } from './limits.js'
import type { Env } from './served.js'

export function createHttpServer(app: Hono<Env>, limits: Limits): Server {
  const listener = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    overrideGlobalObjects: false,
    errorHandler: () => {
      const { status, headers, body } = failureOf(malformed)
      return Response.json(body, { status, headers })
    },
  })
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs / 4),
      // Finds clients that vanished without a word while they wait.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      // The guard answers those.
      requireHostHeader: false,
    },
    listener,
  )
  server.maxConnections = limits.connections
  server.on('clientError', answerMalformed)
  return server
}

const malformed = new RequestError('BAD_REQUEST', 'the request is not HTTP as it should be')

function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, body } = failureOf(requestErrorOf(error))
  const text = JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy())
}

function requestErrorOf({ code }: NodeJS.ErrnoException): RequestError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new RequestError('REQUEST_TIMEOUT', 'the request did not arrive in time')
  }
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RequestError('TOO_LARGE', 'the headers are too long')
  return malformed
}

/** @throws ListenError, InvalidOptionError */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      const hint = 'Give another port, or 0 for any that is free.'
      throw new ListenError(`port ${port} of ${host} is in use`, { hint, cause: error })
    }
    if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL') {
      throw new InvalidOptionError('host', `${host} is not an address of this machine`)
    }
    throw new ListenError(`cannot listen on port ${port} of ${host}: ${message}`, { cause: error })
  }
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}
