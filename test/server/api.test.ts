/** Every route answers what the library would. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { score } from '../../lib/score/score.js'
import { type SoundServer, serve } from '../../lib/server/serve.js'
import { tinyModel } from '../models'
import { asEvents, eventsOf, jsonOf, post, samplesOf } from './client.js'

const clip = { durationSeconds: 0.5, steps: 2, seed: 7 }
let model: Model
let other: Model
let server: SoundServer
let wav: Buffer
let encoded: string

beforeAll(async () => {
  const options = { device: 'cpu', dtype: 'float32', threads: 1 } as const
  model = await loadModel(tinyModel, options)
  other = await loadModel(tinyModel, { ...options, dtype: 'bfloat16' })
  server = await serve({ first: model, second: other }, { port: 0 })
  const { audio } = await generate(model, { prompt: 'a dog', ...clip })
  wav = Buffer.from(await audio[0].toWav())
  encoded = wav.toString('base64')
})
afterAll(async () => {
  await server?.close()
  await Promise.all([model?.dispose(), other?.dispose()])
})

describe('/v1/generate', () => {
  test('answers the WAV file that the library writes, and its seed', async () => {
    const answer = await post(`${server.url}/v1/generate`, { prompt: 'a dog', ...clip })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('audio/wav')
    expect(answer.headers.get('audioldm-seed')).toBe('7')
    expect(Buffer.from(await answer.arrayBuffer()).equals(wav)).toBe(true)
  })

  test('takes a model by its name', async () => {
    const body = { prompt: 'a dog', ...clip, model: 'second' }
    const answer = await post(`${server.url}/v1/generate`, body)
    const { audio } = await generate(other, { prompt: 'a dog', ...clip })
    const expected = Buffer.from(await audio[0].toWav())
    const given = Buffer.from(await answer.arrayBuffer())
    expect(given.equals(expected)).toBe(true)
    expect(given.equals(wav)).toBe(false)
  })

  test('answers seeds beyond 2^53 to the digit', async () => {
    const seed = String(2n ** 64n - 1n)
    const answer = await post(`${server.url}/v1/generate`, { prompt: 'a dog', ...clip, seed })
    expect(answer.headers.get('audioldm-seed')).toBe(seed)
  })

  test('tells the events of the library as they come', async () => {
    const options = { ...clip, durationSeconds: 2, chunkSeconds: 0.5 }
    const prompt = ['rain', { prompt: 'thunder', durationSeconds: 0.5, seed: 11 }]
    const answer = await post(`${server.url}/v1/generate`, { prompt, ...options }, asEvents)
    expect(answer.headers.get('content-type')).toMatch('text/event-stream')
    const { audio, clips } = await generate(model, { prompt, ...options })
    const wholes = await Promise.all(audio.map((one) => one.toFloat32Array()))
    const given = wholes.map(({ length }) => new Float32Array(length))
    const types: string[] = []
    const chunks = [0, 0]
    for await (const { type, data } of eventsOf(answer)) {
      types.push(type)
      if (type === 'audio') {
        expect(data.sampleRate).toBe(16000)
        given[data.index].set(samplesOf(data.samples), data.startSample)
        chunks[data.index]++
      }
      if (type === 'clip') {
        const { seed, ...settings } = clips[data.index]
        expect(data).toEqual({
          ...{ index: data.index, sampleRate: 16000, channels: 1 },
          settings: { ...settings, seed: Number(seed) },
        })
      }
    }
    expect(given).toEqual(wholes)
    expect(chunks[0]).toBeGreaterThan(2)
    expect(types.indexOf('audio')).toBeLessThan(types.indexOf('clip'))
    expect(types.filter((type) => type === 'clip')).toHaveLength(2)
    expect(types.at(-1)).toBe('done')
  })

  test('takes sounds: to start from with a mask, as prompts, in a mix', async () => {
    const sound = new Uint8Array(wav)
    const mask = { seconds: [[0.1, 0.2]] as [number, number][] }
    const cases = [
      [
        { init: { audio: encoded }, mask },
        { init: { audio: sound }, mask },
      ],
      [{ init: { audio: encoded, strength: 0.6 } }, { init: { audio: sound, strength: 0.6 } }],
      [{ audioPrompt: encoded }, { audioPrompt: sound }],
      [
        { mix: [{ text: 'sea' }, { audio: encoded }] },
        { mix: [{ text: 'sea' }, { audio: sound }] },
      ],
    ] as const
    for (const [asked, options] of cases) {
      const prompt = 'mix' in asked ? undefined : 'birds'
      const answer = await post(`${server.url}/v1/generate`, { prompt, ...clip, ...asked })
      const { audio } = await generate(model, { prompt, ...clip, ...options } as never)
      const expected = Buffer.from(await audio[0].toWav())
      expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true)
    }
  })

  test('gives stereo, as a file and in its event', async () => {
    const body = { prompt: 'a dog', ...clip, channels: 2 as const }
    const { audio, clips } = await generate(model, body)
    const file = await post(`${server.url}/v1/generate`, body)
    const expected = Buffer.from(await audio[0].toWav())
    expect(expected.readUInt16LE(22)).toBe(2)
    expect(Buffer.from(await file.arrayBuffer()).equals(expected)).toBe(true)
    const answer = await post(`${server.url}/v1/generate`, body, asEvents)
    for await (const { type, data } of eventsOf(answer)) {
      expect(type).not.toBe('audio')
      if (type !== 'clip') continue
      expect(data.channels).toBe(2)
      expect(data.settings.foldDownGain).toBe(clips[0].foldDownGain)
      expect(samplesOf(data.samples)).toEqual(await audio[0].toFloat32Array())
    }
    const three = await post(`${server.url}/v1/generate`, { ...body, channels: 3 })
    expect(three.status).toBe(400)
    expect((await jsonOf(three)).error.message).toBe('channels: expected 1 or 2, got 3')
  })

  test('gives a clip that comes whole in its event', async () => {
    const body = { prompt: 'a dog', ...clip, candidates: 2 }
    const answer = await post(`${server.url}/v1/generate`, body, asEvents)
    const events = []
    for await (const event of eventsOf(answer)) events.push(event)
    expect(events.some(({ type }) => type === 'audio')).toBe(false)
    const { audio } = await generate(model, body)
    const whole = events.find(({ type }) => type === 'clip')?.data
    expect(samplesOf(whole.samples)).toEqual(await audio[0].toFloat32Array())
    expect(whole.settings.candidates).toHaveLength(2)
  })

  test('tells what only the model can say', async () => {
    const body = { mix: [{ text: 'a', weight: [1, 0] }, { text: 'b' }], ...clip }
    const plain = await post(`${server.url}/v1/generate`, body)
    expect([plain.status, (await jsonOf(plain)).error.code]).toEqual([400, 'INVALID_OPTION'])
    const events = []
    const answer = await post(`${server.url}/v1/generate`, body, asEvents)
    for await (const event of eventsOf(answer)) events.push(event)
    expect(events).toMatchObject([{ type: 'error', data: { code: 'INVALID_OPTION' } }])
  })
})

describe('/v1/embed', () => {
  test('embeds texts and sounds', async () => {
    const texts = await post(`${server.url}/v1/embed`, { text: ['a dog', 'rain'] })
    const given = await jsonOf(texts)
    const tensor = await model.embedText(['a dog', 'rain'])
    expect(given.model).toBe('first')
    expect(Float32Array.from(given.embeddings.flat())).toEqual(await tensor.data())
    const sounds = await post(`${server.url}/v1/embed`, { audio: [encoded] })
    const heard = await model.embedAudio(new Uint8Array(wav))
    expect(Float32Array.from((await jsonOf(sounds)).embeddings[0])).toEqual(await heard.data())
  })
})

describe('/v1/score', () => {
  test('scores sounds that come with the request', async () => {
    const { audio } = await generate(model, { prompt: 'a cat', ...clip, seed: 3, count: 2 })
    const wavs = await Promise.all(audio.map((one) => one.toWav()))
    const body = {
      generated: wavs.map((bytes) => Buffer.from(bytes).toString('base64')),
      reference: [encoded, encoded],
      prompts: ['a cat', 'a cat'],
      metrics: ['lsd', 'clap', 'fd@clap'],
    }
    const answer = await post(`${server.url}/v1/score`, body)
    const sound = new Uint8Array(wav)
    const own = await score({
      ...{ generated: wavs, reference: [sound, sound], prompts: body.prompts },
      ...{ metrics: ['lsd', 'clap', 'fd@clap'], clap: model, device: 'cpu', threads: 1 },
      cacheDir: null,
    })
    expect(answer.status).toBe(200)
    expect((await jsonOf(answer)).metrics).toEqual(own.metrics)
  })
})

describe('what is told without work', () => {
  test('/v1/models lists them, without the folders they came from', async () => {
    const text = await (await fetch(`${server.url}/v1/models`)).text()
    const { models } = JSON.parse(text)
    expect(models).toMatchObject([
      { name: 'first', sampleRate: 16000, hears: true, randomWeights: true, dtype: 'float32' },
      { name: 'second', dtype: 'bfloat16' },
    ])
    expect(text).not.toContain('/')
  })

  test('/healthz', async () => {
    const answer = await jsonOf(await fetch(`${server.url}/healthz`))
    expect(answer).toEqual({ status: 'ok', working: 0, waiting: 0 })
  })

  test('/openapi.json describes what is accepted', async () => {
    const document = await jsonOf(await fetch(`${server.url}/openapi.json`))
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).sort()).toEqual(
      ['/healthz', '/v1/embed', '/v1/generate', '/v1/models', '/v1/score'].sort(),
    )
    const content = document.paths['/v1/generate'].post.requestBody.content
    const { properties, additionalProperties } = content['application/json'].schema
    expect(additionalProperties).toBe(false)
    expect(properties.steps).toMatchObject({ type: 'integer', minimum: 1, maximum: 1000 })
    expect(properties.init.properties.audio).toMatchObject({ contentEncoding: 'base64' })
    // What the library takes and a request cannot: a signal, and tensors of every step.
    const { generateSchema } = await import('../../lib/generate/generate.js')
    const own = Object.keys(generateSchema.shape).filter(
      (name) => name !== 'signal' && name !== 'stepLatents',
    )
    expect(Object.keys(properties).sort()).toEqual([...own, 'model'].sort())
    const scored = document.paths['/v1/score'].post.requestBody.content['application/json'].schema
    expect(scored.properties.metrics.items.enum).toContain('fd@clap')
  })
})
