/** What generate() tells, as server-sent events. Samples are base64 of float32, little-endian. */
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { Audio } from '../../audio/audio.js'
import { type GenerateEvent, generate } from '../../generate/generate.js'
import type { Model } from '../../model/model.js'
import { failureOf, isGone } from '../failure.js'
import { toJson } from '../json.js'
import type { GenerateRequest } from '../requests/generate-request.js'
import type { Env, Served } from '../served.js'

/** @throws RequestError where too many wait */
export function streamGeneration(
  c: Context<Env>,
  served: Served,
  request: GenerateRequest,
): Response {
  const { signal } = c.req.raw
  let before = 0
  let onPlace = () => {}
  const turn = served.queue.enter(signal, (count) => {
    before = count
    onPlace()
  })
  return streamSSE(c, async (stream) => {
    const { outgoing } = c.env
    const heartbeat = setInterval(() => {
      if (!outgoing.writableNeedDrain) stream.write(':\n\n')
    }, served.limits.heartbeatMs)
    const events = new Events(stream)
    onPlace = () => void events.send('queued', { before })
    if (before > 0) onPlace()
    try {
      const endTurn = await turn
      onPlace = () => {}
      await served.models.use(request.model, (model) =>
        tellAll(model, request, { events, signal, endTurn }),
      )
    } catch (error) {
      if (!isGone(error, signal)) await events.send('error', failureOf(error).body.error)
    } finally {
      clearInterval(heartbeat)
    }
  })
}

class Events {
  readonly #stream: SSEStreamingApi

  constructor(stream: SSEStreamingApi) {
    this.#stream = stream
  }

  async send(event: string, data: unknown): Promise<void> {
    await this.#stream.writeSSE({ event, data: toJson(data) })
  }
}

interface Listener {
  events: Events
  signal: AbortSignal
  endTurn: () => void
}

/** The turn ends with the work: a client that reads slowly holds up nobody. */
async function tellAll(
  model: Model,
  { model: _, ...options }: GenerateRequest,
  { events, signal, endTurn }: Listener,
): Promise<void> {
  try {
    const job = generate(model, { ...options, signal })
    job.then(endTurn, endTurn)
    const streamed = new Set<number>()
    for await (const event of job) await tell(event, streamed, events)
    const { timings } = await job
    await events.send('done', { timings })
  } catch (error) {
    endTurn()
    throw error
  }
}

async function tell(event: GenerateEvent, streamed: Set<number>, events: Events): Promise<void> {
  const { type, ...data } = event
  if (event.type === 'audio') {
    streamed.add(event.index)
    const { index, startSample, sampleRate } = event
    const samples = base64((await event.samples.data()) as Float32Array)
    await events.send(type, { index, startSample, sampleRate, samples })
  } else if (event.type === 'clip') {
    const { index, audio, settings } = event
    const { sampleRate, channels } = audio
    // Of a clip that came in pieces everything has been sent.
    const samples = streamed.has(index) ? undefined : await samplesOf(audio)
    audio.dispose()
    await events.send(type, { index, sampleRate, channels, samples, settings })
  } else {
    await events.send(type, data)
  }
}

async function samplesOf(audio: Audio): Promise<string> {
  return base64(await audio.toFloat32Array())
}

function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
