/** Requests to the server that the page came from, and its failures in words. */
import { askToken, token } from './token.js'

export interface ServedModel {
  name: string
  sampleRate: number
  durationSeconds: number
  maxSteps: number
  hears: boolean
  randomWeights: boolean
}

/** What generate() is asked for; sounds are base64. */
export interface Request {
  model: string
  prompt?: string
  negativePrompt?: string
  durationSeconds?: number
  steps: number
  guidanceScale: number
  count: number
  lufs?: number
  loop?: boolean
  channels?: 1 | 2
  seed?: string
  audioPrompt?: string
  init?: { audio: string; strength?: number }
  mask?: { seconds: [number, number][] }
}

export interface Settings {
  prompt: string
  negativePrompt: string
  durationSeconds: number
  steps: number
  guidanceScale: number
  seed: number | string
  lufs?: number
  loop?: true
  channels?: 2
}

export type ServerEvent =
  | { type: 'queued'; before: number }
  | { type: 'step'; step: number; steps: number; clips: number[] }
  | { type: 'audio'; index: number; startSample: number; sampleRate: number; samples: string }
  | {
      type: 'clip'
      index: number
      sampleRate: number
      channels: number
      samples?: string
      settings: Settings
    }
  | { type: 'warning'; index: number; message: string }
  | { type: 'done' }

/** A failure with a message for people. */
export class Failure extends Error {}

export async function fetchModels(): Promise<ServedModel[]> {
  return (await (await ask('/v1/models')).json()).models
}

/** Resolves with the last event. @throws Failure, or what `signal` was aborted with */
export async function generate(
  request: Request,
  signal: AbortSignal,
  onEvent: (event: ServerEvent) => void | Promise<void>,
): Promise<void> {
  const answer = await ask('/v1/generate', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify(request),
    signal,
  })
  let done = false
  for await (const { type, data } of eventsOf(answer, signal)) {
    if (type === 'error') throw new Failure(inWords(data))
    await onEvent({ type, ...data } as unknown as ServerEvent)
    done ||= type === 'done'
  }
  if (!done) throw new Failure('The connection to the server broke off.')
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const headers = new Headers(init.headers)
    if (token() !== '') headers.set('Authorization', `Bearer ${token()}`)
    const answer = await fetch(path, { ...init, headers }).catch((error) => {
      if (init.signal?.aborted) throw error
      throw new Failure('The server cannot be reached. Is it still running?')
    })
    if (answer.ok) return answer
    if (answer.status === 401) {
      await askToken()
      continue
    }
    const { error } = await answer.json().catch(() => ({ error: undefined }))
    throw new Failure(error ? inWords(error) : `The server answered ${answer.status}.`)
  }
}

function inWords({
  code,
  message,
  hint,
}: {
  code: string
  message: string
  hint?: string
}): string {
  if (code === 'BUSY') return 'The server is busy: try again in a while.'
  message = message.replace(/^(init\.audio|audioPrompt):?/, 'Your sound')
  const sentence = message.charAt(0).toUpperCase() + message.slice(1)
  return [sentence, hint].filter(Boolean).join('. ')
}

/** Of an event, checked by who made it. */
type EventData = { code: string; message: string; hint?: string }

/** Server-sent events of an answer. */
async function* eventsOf(
  answer: Response,
  signal: AbortSignal,
): AsyncGenerator<{ type: string; data: EventData }> {
  const reader = (answer.body as ReadableStream<BufferSource>)
    .pipeThrough(new TextDecoderStream())
    .getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      if (signal.aborted) throw error
      throw new Failure('The connection to the server broke off.')
    })
    if (done) return
    text += value
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const type = /^event: (.*)$/m.exec(block)?.[1]
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (type !== undefined && data !== undefined) yield { type, data: JSON.parse(data) }
    }
  }
}
