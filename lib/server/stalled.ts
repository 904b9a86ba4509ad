import type { MiddlewareHandler } from 'hono'
import { RequestError } from '../errors.js'
import type { Env } from './served.js'

/**
 * Cuts off clients that take nothing of an answer for so long. As long as there is no answer yet, a
 * client may be silent.
 */
export function cutStalled(afterMs: number): MiddlewareHandler<Env> {
  return async ({ env: { outgoing } }, next) => {
    // Behind another answer on its connection: nobody could tell whose silence it is.
    if (outgoing.socket === null) {
      throw new RequestError('BAD_REQUEST', 'the answer before it has not been taken yet')
    }
    await next()
    outgoing.setTimeout(afterMs)
  }
}
