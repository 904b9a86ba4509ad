/** POST /v1/generate: one clip as a WAV file, or everything as it comes, as server-sent events. */
import type { Context } from 'hono'
import { InvalidOptionError } from '../../errors.js'
import { generate } from '../../generate/generate.js'
import { maxClips } from '../limits.js'
import { type GenerateRequest, generateRequest } from '../requests/generate-request.js'
import { seedJson } from '../requests/seed.js'
import { type Env, inTurn, readRequest, type Served } from '../served.js'
import { streamGeneration } from './generate-events.js'

export async function generateRoute(c: Context<Env>, served: Served): Promise<Response> {
  const request = await readRequest(c, served, generateRequest)
  const count = clipCount(request)
  if (count > maxClips) {
    const message = `${count} clips are more than the ${maxClips} of one request`
    throw new InvalidOptionError('count', message)
  }
  served.models.get(request.model)
  if (c.req.header('accept')?.includes('text/event-stream')) {
    return streamGeneration(c, served, request)
  }
  if (count > 1) {
    const message = `${count} clips do not fit into one WAV file`
    throw new InvalidOptionError('count', message, 'Send the header Accept: text/event-stream.')
  }
  return wholeClip(c, served, request)
}

function clipCount({ prompt, count }: GenerateRequest): number {
  return (Array.isArray(prompt) ? prompt.length : 1) * count
}

async function wholeClip(
  c: Context<Env>,
  served: Served,
  { model: name, ...options }: GenerateRequest,
): Promise<Response> {
  const { signal } = c.req.raw
  const { audio, clips } = await inTurn(served, signal, () =>
    served.models.use(name, async (model) => generate(model, { ...options, signal })),
  )
  const wav = await audio[0].toWav()
  audio[0].dispose()
  c.header('Content-Type', 'audio/wav')
  c.header('Audioldm-Seed', String(seedJson(clips[0].seed)))
  return c.body(wav as Uint8Array<ArrayBuffer>)
}
