/** GET /healthz: that it answers, and how busy it is. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { Env, Served } from '../served.js'

export const healthAnswer = z.object({
  status: z.literal('ok'),
  /** Requests that have a model, 0 or 1, and that wait for one. */
  working: z.int(),
  waiting: z.int(),
})

export function healthRoute(c: Context<Env>, { queue }: Served): Response {
  const { working, waiting } = queue
  const answer: z.output<typeof healthAnswer> = { status: 'ok', working, waiting }
  return c.json(answer)
}
