/** What the routes of one server share. */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { z } from 'zod'
import { parseOptions } from '../options.js'
import type { ScoreOptions } from '../score/options.js'
import { type BodyBudget, readJson } from './body.js'
import type { Limits } from './limits.js'
import type { ServedModels } from './models.js'
import type { Queue } from './queue.js'

export interface Served {
  models: ServedModels
  queue: Queue
  bodies: BodyBudget
  limits: Limits
  /** Of the networks that scores compare by. */
  weights: Pick<ScoreOptions, 'panns' | 'passt' | 'vggish'>
}

export type Env = { Bindings: HttpBindings }

/**
 * The body of a request as its schema has it. Its room is taken until the answer is out.
 * @throws RequestError, InvalidOptionError
 */
export async function readRequest<S extends z.ZodType>(
  c: Context<Env>,
  { bodies }: Served,
  schema: S,
): Promise<z.output<S>> {
  const { incoming, outgoing } = c.env
  const room = bodies.reserve()
  outgoing.once('close', room.free)
  return parseOptions(schema, await readJson(incoming, room))
}

/** Does `work` when it is its turn, and ends the turn with it. */
export async function inTurn<T>(
  { queue }: Served,
  signal: AbortSignal,
  work: () => PromiseLike<T>,
): Promise<T> {
  const endTurn = await queue.enter(signal)
  try {
    return await work()
  } finally {
    endTurn()
  }
}
