import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import type { Model } from '../model/model.js'
import { expecting, integerIn, parseOptions } from '../options.js'
import { isLoopback } from './guard.js'
import { defaultLimits, type Limits } from './limits.js'
import type { ServeOptions } from './options.js'

/** A server that listens, until `close()`. */
export interface SoundServer {
  /** Where its page is, such as http://127.0.0.1:8765. */
  readonly url: string
  readonly port: number
  /**
   * Stops what runs, closes every connection and resolves when no model is in use any more. Models
   * belong to who loaded them.
   */
  close(): Promise<void>
}

const tokenForm = 'expected 16 to 256 letters, digits and signs'
const file = z.string(expecting('a weights file')).min(1, expecting('a weights file')).optional()

const serveSchema = z.strictObject({
  port: integerIn(0, 65_535).default(8765),
  host: z.string(expecting('an address')).min(1, expecting('an address')).default('127.0.0.1'),
  // Never shown, not even where it is wrong.
  token: z
    .string({ error: tokenForm })
    .regex(/^[\x21-\x7e]{16,256}$/, { error: tokenForm })
    .optional(),
  panns: file,
  passt: file,
  vggish: file,
})

/** @internal @throws InvalidOptionError */
export function checkServeOptions(options: ServeOptions) {
  const checked = parseOptions(serveSchema, options)
  if (isLoopback(checked.host) || checked.token !== undefined) return checked
  throw new InvalidOptionError(
    'token',
    `is needed where others can reach the server, and ${checked.host} is no loopback address`,
    'Make one with: openssl rand -hex 16',
  )
}

/**
 * Answers over HTTP what models generate, embed and score, and has a page to do so by hand:
 * docs/server.md. Several models go by their names.
 * @throws InvalidOptionError, ListenError
 */
export function serve(
  models: Model | Readonly<Record<string, Model>>,
  options: ServeOptions = {},
): Promise<SoundServer> {
  return serveWithin(defaultLimits, models, options)
}

/** @internal */
export async function serveWithin(
  limits: Limits,
  given: Model | Readonly<Record<string, Model>>,
  options: ServeOptions,
): Promise<SoundServer> {
  const { port: wanted, host, token, ...weights } = checkServeOptions(options)
  // Loaded now: a program that does not serve should not wait for it.
  const { createApp } = await import('./app.js')
  const { BodyBudget } = await import('./body.js')
  const { createHttpServer, listen } = await import('./listen.js')
  const { ServedModels } = await import('./models.js')
  const { Queue } = await import('./queue.js')
  const queue = new Queue(limits.waiting)
  const bodies = new BodyBudget(limits.bodyBytes, limits.allBodyBytes)
  const served = { models: new ServedModels(given), queue, bodies, limits, weights }
  const server = createHttpServer(createApp(served, { host, token }), limits)
  const port = await listen(server, wanted, host)
  let closing: Promise<void> | undefined
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
    await queue.idle()
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
