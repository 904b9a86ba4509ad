/** Who may ask, and what is refused. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidOptionError, ListenError } from '../../lib/errors.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { type SoundServer, serve } from '../../lib/server/serve.js'
import { tinyModel } from '../models'
import { ask, post } from './client.js'

let model: Model
let open: SoundServer
let guarded: SoundServer
const token = 'a token of 24 characters'.replaceAll(' ', '-')

beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  open = await serve(model, { port: 0 })
  guarded = await serve(model, { port: 0, host: '0.0.0.0', token })
})
afterAll(async () => {
  await Promise.all([open?.close(), guarded?.close()])
  await model?.dispose()
})

const code = (body: Buffer) => JSON.parse(String(body)).error.code
const local = () => `http://127.0.0.1:${guarded.port}`
const routes = ['/', '/v1/models', '/v1/generate', '/v1/embed', '/v1/score', '/healthz'] as const

describe('Host and Origin', () => {
  test.each([
    'evil.example',
    'evil.example:8765',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost@evil',
  ])('on loopback, Host %s is refused on every route', async (host) => {
    for (const route of routes) {
      const answer = await ask(open.url + route, { headers: { Host: host } })
      expect(answer.status, route).toBeGreaterThanOrEqual(400)
      expect(['FORBIDDEN', 'BAD_REQUEST']).toContain(code(answer.body))
    }
  })

  test.each([
    'localhost',
    'LOCALHOST:1',
    '127.0.0.1:9000',
    '[::1]:8765',
  ])('on loopback, Host %s is let in', async (host) => {
    expect((await ask(`${open.url}/healthz`, { headers: { Host: host } })).status).toBe(200)
  })

  test('elsewhere, addresses are let in and names of others are not', async () => {
    const status = async (host: string) =>
      (await ask(`${local()}/healthz`, { headers: { Host: host } })).status
    expect(await status('192.168.0.7:8765')).toBe(200)
    expect(await status('[fd00::7]')).toBe(200)
    expect(await status('evil.example')).toBe(403)
  })

  test.each([
    'http://evil.example',
    'null',
    'http://127.0.0.1:1',
    'file://',
  ])('Origin %s is refused', async (origin) => {
    for (const route of routes) {
      const answer = await ask(open.url + route, { headers: { Origin: origin } })
      expect([answer.status, code(answer.body)]).toEqual([403, 'FORBIDDEN'])
    }
  })

  test('its own origin is let in', async () => {
    const answer = await ask(`${open.url}/v1/models`, { headers: { Origin: open.url } })
    expect(answer.status).toBe(200)
  })
})

describe('the token', () => {
  test('is needed where others can reach the server, before any model is used', async () => {
    await expect(serve(model, { port: 0, host: '0.0.0.0' })).rejects.toThrow(InvalidOptionError)
    await expect(serve(model, { port: 0, host: '::' })).rejects.toMatchObject({ option: 'token' })
    await expect(serve(model, { port: 0, token: 'short' })).rejects.toMatchObject({
      option: 'token',
      message: expect.not.stringContaining('short'),
    })
  })

  test.each([
    undefined,
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    token,
  ])('Authorization %s does not open it', async (authorization) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    for (const route of ['/v1/models', '/v1/generate', '/v1/embed', '/v1/score', '/v1/nothing']) {
      const answer = await ask(local() + route, { headers })
      expect([answer.status, code(answer.body)]).toEqual([401, 'UNAUTHORIZED'])
      expect(answer.headers['www-authenticate']).toBe('Bearer')
    }
  })

  test('opens it', async () => {
    const headers = { Authorization: `Bearer ${token}` }
    expect((await ask(`${local()}/v1/models`, { headers })).status).toBe(200)
  })
})

test('a port in use and an address of another machine are told', async () => {
  await expect(serve(model, { port: open.port })).rejects.toThrow(ListenError)
  await expect(serve(model, { port: 0, host: '192.0.2.1', token })).rejects.toMatchObject({
    option: 'host',
  })
  await expect(serve({} as never)).rejects.toMatchObject({ option: 'models' })
  await expect(serve({ a: 1 } as never)).rejects.toMatchObject({ option: 'models.a' })
})

describe('hostile bodies', () => {
  const path = Buffer.from('/etc/passwd').toString('base64')
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const bodies: [string, unknown, number][] = [
    ['nothing', '', 400],
    ['no JSON', '{"prompt":', 400],
    ['no UTF-8', '\u0000', 400],
    ['null', 'null', 400],
    ['a number', '1e999', 400],
    ['a list', '[]', 400],
    ['deep nesting', deep, 400],
    ['a prototype', '{"__proto__":{"prompt":"a"},"constructor":1}', 400],
    ['a path', { audioPrompt: '/etc/passwd', init: { audio: '/etc/passwd' } }, 400],
    ['an object for a sound', { audioPrompt: { path: '/etc/passwd' } }, 400],
    ['options of the server', { cacheDir: '/', html: '/tmp/x.html', panns: '/etc/passwd' }, 400],
    ['a signal', { prompt: 'a', signal: {}, stepLatents: true }, 400],
    ['too many clips', { prompt: 'a', count: 1000 }, 400],
    ['too many prompts', { prompt: Array(100).fill('a') }, 400],
    ['numbers out of range', { prompt: 'a', durationSeconds: 1e9, steps: -1 }, 400],
  ]
  test.each(bodies)('%s is refused in words on every route', async (_, body, status) => {
    for (const route of ['/v1/generate', '/v1/embed', '/v1/score']) {
      const answer = await post(open.url + route, body)
      const text = await answer.text()
      expect(answer.status, `${route} ${text}`).toBe(status)
      expect(JSON.parse(text).error).toMatchObject({
        code: expect.stringMatching(/^(BAD_REQUEST|INVALID_OPTION|INVALID_AUDIO)$/),
        message: expect.any(String),
      })
      expect(text).not.toMatch(/\broot:|node_modules|\.ts:|\.js:/)
    }
    expect((await fetch(`${open.url}/healthz`)).status).toBe(200)
  })

  test.each([
    ['/v1/generate', { audioPrompt: path, durationSeconds: 0.2, steps: 1 }],
    ['/v1/generate', { init: { audio: path } }],
    ['/v1/embed', { audio: [path] }],
    ['/v1/score', { generated: [path], prompts: ['a'], metrics: ['clap'] }],
  ])('%s takes a path in base64 for the bytes of a sound, which it is not', async (route, body) => {
    const answer = await post(open.url + route, body)
    const text = await answer.text()
    expect([answer.status, JSON.parse(text).error.code], text).toEqual([400, 'INVALID_AUDIO'])
    expect(text).not.toContain('passwd')
  })

  test('more than the limit is refused before it is sent, and while it comes', async () => {
    const headers = { 'Content-Type': 'application/json' }
    const announced = await ask(`${open.url}/v1/generate`, {
      ...{ method: 'POST', body: '{' },
      headers: { ...headers, 'Content-Length': String(2 ** 30) },
    }).catch((error) => error)
    expect([announced.status, code(announced.body)]).toEqual([413, 'TOO_LARGE'])
    const said = await raw(open.port, (socket) => {
      socket.write(
        'POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
          'Transfer-Encoding: chunked\r\n\r\n',
      )
      const chunk = 'a'.repeat(2 ** 20)
      for (let i = 0; i < 70; i++) socket.write(`100000\r\n${chunk}\r\n`)
    })
    expect(said).toMatch(/^HTTP\/1\.1 413 /)
    expect(said).toContain('TOO_LARGE')
  })

  test('what is no HTTP gets an answer in JSON', async () => {
    for (const text of ['\x16\x03\x01\x02\x00', 'GET\r\n\r\n', 'GET / HTTP/9\r\n\r\n']) {
      const said = await raw(open.port, (socket) => socket.write(text))
      expect(said).toMatch(/^HTTP\/1\.1 400 /)
      expect(said).toContain('"code":"BAD_REQUEST"')
    }
    const headers = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`
    const said = await raw(open.port, (socket) => socket.write(headers))
    expect(said).toContain('"code":"TOO_LARGE"')
    const target = 'GET http://[bad HTTP/1.1\r\nHost: localhost\r\n\r\n'
    expect(await raw(open.port, (socket) => socket.write(target))).toContain('BAD_REQUEST')
  })

  test('other methods and paths are refused in JSON', async () => {
    const method = await ask(`${open.url}/v1/generate`, { method: 'DELETE' })
    expect([method.status, code(method.body)]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    const nowhere = await ask(`${open.url}/v1/../../etc/passwd`, {})
    expect([nowhere.status, code(nowhere.body)]).toEqual([404, 'NOT_FOUND'])
  })
})

/** All that the server says on a connection, until it closes it. */
function raw(port: number, speak: (socket: ReturnType<typeof connect>) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => speak(socket))
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
  })
}
