/** POST /v1/embed: CLAP embeddings of texts or sounds. */
import type { Context } from 'hono'
import type { z } from 'zod'
import type { Model } from '../../model/model.js'
import { type embedAnswer, embedRequest } from '../requests/embed-request.js'
import { type Env, inTurn, readRequest, type Served } from '../served.js'

export async function embedRoute(c: Context<Env>, served: Served): Promise<Response> {
  const request = await readRequest(c, served, embedRequest)
  const { model: name = served.models.names[0] } = request
  served.models.get(name)
  const { signal } = c.req.raw
  const embeddings = await inTurn(served, signal, () =>
    served.models.use(name, (model) => embed(model, request, signal)),
  )
  const answer: z.output<typeof embedAnswer> = { model: name, embeddings }
  return c.json(answer)
}

async function embed(
  model: Model,
  { text, audio = [] }: z.output<typeof embedRequest>,
  signal: AbortSignal,
): Promise<number[][]> {
  const tensor = text
    ? await model.embedText(text, { signal })
    : await model.embedAudio(audio, { signal })
  const values = (await tensor.data()) as Float32Array
  const [rows, width] = tensor.shape
  tensor.dispose()
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * width, (i + 1) * width)])
}
