/** POST /v1/score: numbers about sounds that come with the request. Nothing of them is kept. */
import type { Context } from 'hono'
import { score } from '../../score/score.js'
import { toJson } from '../json.js'
import { scoreRequest } from '../requests/score-request.js'
import { type Env, inTurn, readRequest, type Served } from '../served.js'

export async function scoreRoute(c: Context<Env>, served: Served): Promise<Response> {
  const { model: name, ...options } = await readRequest(c, served, scoreRequest)
  served.models.get(name)
  const { signal } = c.req.raw
  const result = await inTurn(served, signal, () =>
    served.models.use(name, async (model) => {
      const { device, threads } = model.info
      const clap = model.folder.parts.audio_encoder ? model : undefined
      return score({
        ...options,
        ...served.weights,
        ...{ clap, device, threads, signal, cacheDir: null },
      })
    }),
  )
  return c.body(toJson(result), 200, { 'Content-Type': 'application/json' })
}
