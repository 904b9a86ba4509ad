/** Clients that take their time cost a bounded part of the server, for a bounded time. */
import { connect, type Socket } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model/model.js'
import { defaultLimits } from '../../lib/server/limits.js'
import { createHttpServer, listen } from '../../lib/server/listen.js'
import { type SoundServer, serveWithin } from '../../lib/server/serve.js'
import type { Env } from '../../lib/server/served.js'
import { cutStalled } from '../../lib/server/stalled.js'
import { tinyModel } from '../models'
import { jsonOf } from './client.js'

const limits = { ...defaultLimits, headersMs: 2000, requestMs: 3000, stalledMs: 2000 }
let model: Model
let server: SoundServer

beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  server = await serveWithin({ ...limits, heartbeatMs: 500 }, model, { port: 0 })
})
afterAll(async () => {
  await server?.close()
  await model?.dispose()
})

interface Connection {
  socket: Socket
  said: () => string
  /** Milliseconds from its begin to its end. */
  closed: Promise<number>
}

function open(port = server.port): Promise<Connection> {
  const began = performance.now()
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.on('error', () => {})
    const closed = new Promise<number>((done) => {
      socket.on('close', () => done(performance.now() - began))
    })
    const connection = { socket, said: () => said, closed }
    socket.on('connect', () => resolve(connection))
    socket.on('close', () => resolve(connection))
  })
}

const answers = async () => {
  const { status } = await fetch(`${server.url}/healthz`)
  return status === 200
}

test('headers that do not end are cut off', async () => {
  const { socket, said, closed } = await open()
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n')
  const drip = setInterval(() => socket.write('X-A: b\r\n'), 200)
  expect(await closed).toBeLessThan(limits.headersMs + 2500)
  clearInterval(drip)
  expect(said()).toMatch(/^HTTP\/1\.1 408 /)
  expect(said()).toContain('"code":"REQUEST_TIMEOUT"')
})

test('a body that does not end is cut off, and its room is free again', async () => {
  const half = Array.from({ length: 8 }, async () => {
    const { socket, said, closed } = await open()
    const length = 60 * 2 ** 20
    socket.write(
      'POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${length}\r\n\r\n{"prompt":`,
    )
    const drip = setInterval(() => socket.write(' '), 200)
    await closed
    clearInterval(drip)
    return said()
  })
  const said = await Promise.all(half)
  // There is room for four such bodies at once.
  expect(said.filter((text) => text.includes('"code":"BUSY"'))).toHaveLength(4)
  expect(said.filter((text) => text.includes('"code":"REQUEST_TIMEOUT"'))).toHaveLength(4)
  const answer = await fetch(`${server.url}/v1/embed`, {
    ...{ method: 'POST', headers: { 'Content-Type': 'application/json' } },
    body: JSON.stringify({ text: ['a dog'] }),
  })
  expect(answer.status).toBe(200)
})

test('an answer that nobody takes is cut off, and one that is taken slowly is not', async () => {
  const app = new Hono<Env>()
  app.use(cutStalled(limits.stalledMs))
  // More than all the buffers between the two hold.
  const size = 40 * 2 ** 20
  app.get('/', (c) => c.body(new Uint8Array(size)))
  const own = createHttpServer(app, limits)
  const port = await listen(own, 0, '127.0.0.1')
  const take = async (pauseMs: number) => {
    const { socket, said, closed } = await open(port)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    for (let i = 0; i < 8; i++) {
      socket.pause()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      socket.resume()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await closed
    return said().length
  }
  expect(await take(limits.stalledMs / 4)).toBeGreaterThan(size)
  const taken = await take(2 * limits.stalledMs)
  console.log(`${taken} of ${size} bytes came before the connection was cut`)
  expect(taken).toBeLessThan(size)
  own.close()
})

test('requests behind an answer that is not taken yet are refused', async () => {
  const { socket, said, closed } = await open()
  socket.write('GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3))
  await closed
  expect(said().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
})

test('a client that does not read its events holds up nobody', async () => {
  const { socket } = await open()
  socket.pause()
  const body = JSON.stringify({ prompt: 'a dog', durationSeconds: 20, steps: 1 })
  socket.write(
    'POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Accept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  const working = async () => (await jsonOf(await fetch(`${server.url}/healthz`))).working
  await expect.poll(working, { timeout: 20_000 }).toBe(1)
  await expect.poll(working, { timeout: 100_000 }).toBe(0)
  socket.destroy()
})

test('10,000 half-open connections take no more than the limit, and are gone in time', async () => {
  const all: Connection[] = []
  for (let wave = 0; wave < 20; wave++) {
    const opened = await Promise.all(Array.from({ length: 500 }, () => open()))
    for (const { socket } of opened) socket.write('GET / HTTP/1.1\r\n')
    all.push(...opened)
    const alive = () => all.filter(({ socket }) => socket.readyState === 'open').length
    await until(() => alive() <= limits.connections)
  }
  await Promise.all(all.map(({ closed }) => closed))
  const held = all.filter(({ said }) => said().includes('REQUEST_TIMEOUT')).length
  console.log(`10,000 connections: ${held} were held until their time was up, the others refused`)
  // What fetch() keeps open since it asked before counts as well.
  expect(held).toBeGreaterThanOrEqual(limits.connections - 8)
  expect(held).toBeLessThan(5000)
  expect(await answers()).toBe(true)
}, 240_000)

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50))
}
