/** One request has the model, some wait, more are refused, and who goes makes room at once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model/model.js'
import { defaultLimits } from '../../lib/server/limits.js'
import { type SoundServer, serveWithin } from '../../lib/server/serve.js'
import { tinyModel } from '../models'
import { asEvents, eventsOf, jsonOf, post } from './client.js'

let model: Model
let server: SoundServer
const waiting = 3

beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  server = await serveWithin({ ...defaultLimits, waiting }, model, { port: 0 })
})
afterAll(async () => {
  await server?.close()
  await model?.dispose()
})

const endless = { prompt: 'a dog', durationSeconds: 10, steps: 1000, seed: 1 }
const short = { prompt: 'a dog', durationSeconds: 0.2, steps: 1, seed: 1 }
const health = async () => jsonOf(await fetch(`${server.url}/healthz`))

/** Resolves when the health of the server is such. */
async function until(wanted: { working: number; waiting: number }): Promise<void> {
  for (;;) {
    const { working, waiting: others } = await health()
    if (working === wanted.working && others === wanted.waiting) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Begins an endless clip and goes when it has seen three steps. */
async function begin() {
  const controller = new AbortController()
  const { signal } = controller
  const answer = await post(`${server.url}/v1/generate`, endless, { ...asEvents, signal })
  const stepMs: number[] = []
  let last = performance.now()
  const events = eventsOf(answer)
  while (stepMs.length < 3) {
    const { value } = await events.next()
    if (value?.type !== 'step') continue
    stepMs.push(performance.now() - last)
    last = performance.now()
  }
  return { leave: () => controller.abort(), stepMs: Math.max(...stepMs.slice(1)) }
}

test('a client that goes frees the engine within a step', async () => {
  const { leave, stepMs } = await begin()
  expect(await health()).toMatchObject({ working: 1 })
  leave()
  const left = performance.now()
  await until({ working: 0, waiting: 0 })
  const ms = performance.now() - left
  console.log(`free ${ms.toFixed(0)} ms after the client went; a step took ${stepMs.toFixed(0)} ms`)
  expect(ms).toBeLessThan(5 * stepMs + 1000)
  expect((await post(`${server.url}/v1/generate`, short)).status).toBe(200)
})

test('a client that waits for a WAV file and goes frees it as well', async () => {
  const controller = new AbortController()
  const gone = post(`${server.url}/v1/generate`, endless, { signal: controller.signal })
  await until({ working: 1, waiting: 0 })
  controller.abort()
  await expect(gone).rejects.toThrow()
  await until({ working: 0, waiting: 0 })
})

test('beyond the bound it says 429 and when to ask again; who waited gets its answer', async () => {
  const { leave } = await begin()
  const waiters = Array.from({ length: waiting }, (_, i) =>
    post(`${server.url}/v1/generate`, { ...short, seed: i }),
  )
  await until({ working: 1, waiting })
  for (const headers of [{}, asEvents.headers]) {
    const refused = await post(`${server.url}/v1/generate`, short, { headers })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await jsonOf(refused)).error.code).toBe('BUSY')
  }
  leave()
  for (const [i, waiter] of waiters.entries()) {
    const answer = await waiter
    expect([answer.status, answer.headers.get('audioldm-seed')]).toEqual([200, String(i)])
  }
})

test('who waits hears how many are before it, and may go', async () => {
  const first = await begin()
  const second = new AbortController()
  const abandoned = post(`${server.url}/v1/generate`, short, { signal: second.signal })
  abandoned.catch(() => {})
  await until({ working: 1, waiting: 1 })
  const third = eventsOf(await post(`${server.url}/v1/generate`, short, asEvents))
  expect((await third.next()).value).toEqual({ type: 'queued', data: { before: 2 } })
  second.abort()
  expect((await third.next()).value).toEqual({ type: 'queued', data: { before: 1 } })
  first.leave()
  expect((await third.next()).value).toMatchObject({ type: 'step' })
  for await (const { type } of third) if (type === 'done') return
  throw new Error('it was not done')
})

test('a server that closes stops what runs', async () => {
  const own = await serveWithin(defaultLimits, model, { port: 0 })
  const running = post(`${own.url}/v1/generate`, endless)
  running.catch(() => {})
  while ((await jsonOf(await fetch(`${own.url}/healthz`))).working === 0);
  await own.close()
  await expect(running).rejects.toThrow()
  await expect(fetch(own.url)).rejects.toThrow()
  await own.close()
})
