import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidModelError, InvalidOptionError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { cosineSimilarity } from '../../lib/model/similarity.js'
import { tinyModel } from '../models'
import { expectSame, quick, run, samplesOf, sound } from './sounds.js'

let model: Model
beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(() => model?.dispose())

const short = { ...quick, durationSeconds: 0.64 }
const dog = 'a dog barking'

describe('candidates', () => {
  test('keeps the one whose recomputed similarity is highest, and reports all', async () => {
    const seeds = [0, 1, 2, 3].map((j) => BigInt(quick.seed) + BigInt(j) * 100_000_000n)
    const text = await model.embedText(dog)
    const made = await Promise.all(
      seeds.map(async (seed) => {
        const { audio } = await generate(model, { ...short, prompt: dog, seed })
        const [[similarity]] = await cosineSimilarity(await model.embedAudio(audio[0]), text)
        return { seed, similarity, samples: await audio[0].toFloat32Array() }
      }),
    )
    const best = made.reduce((a, b) => (b.similarity > a.similarity ? b : a))
    const result = await run(model, { ...short, prompt: dog, candidates: 4 })
    expect(result.clips[0].seed).toBe(best.seed)
    expectSame(result.samples[0], best.samples)
    const { candidates } = result.clips[0]
    expect(candidates?.map(({ seed }) => seed)).toEqual(seeds)
    candidates?.forEach(({ similarity }, i) => {
      expect(similarity).toBeCloseTo(made[i].similarity, 6)
    })
    expect(new Set(made.map(({ similarity }) => similarity)).size).toBe(4)
  })

  test('gives the same in batches of any size, and for several clips', async () => {
    const options = { ...short, prompt: ['rain', dog], candidates: 3 }
    const alone = await run(model, { ...options, batchSize: 1 })
    const together = await run(model, { ...options, batchSize: 4 })
    expect(together.clips.map(({ seed }) => seed)).toEqual(alone.clips.map(({ seed }) => seed))
    expectSame((await run(model, { ...options, batchSize: 1 })).samples, alone.samples)
    expect(alone.clips).toHaveLength(2)
  })

  test('brings every clip once, whole', async () => {
    const events: string[] = []
    const job = generate(model, { ...short, prompt: ['rain', dog], candidates: 2 })
    for await (const event of job) {
      if (event.type !== 'step') events.push(`${event.type} ${event.index}`)
    }
    expect(events).toEqual(['clip 0', 'clip 1'])
    expect((await job).timings.firstAudioMs).toBeGreaterThan(0)
  })

  test('seeds go round at 2^64', async () => {
    const seed = 2n ** 64n - 1n
    const { clips } = await run(model, { ...short, prompt: dog, seed, candidates: 2 })
    expect(clips[0].candidates?.map((c) => c.seed)).toEqual([seed, 99_999_999n])
  })

  test.each([0, 17, 1.5, '3'])('refuses %s', (candidates) => {
    const wrong = { ...short, prompt: dog, candidates: candidates as number }
    expect(() => generate(model, wrong)).toThrow(InvalidOptionError)
  })
})

describe('audioPrompt and mix', () => {
  const audio = sound(0.5, 16_000)
  const other = sound(0.5, 16_000, 9)

  test('condition on the sound alone, on a mix, or on a text', async () => {
    const options = { ...short, guidanceScale: 1 }
    const [alone] = await samplesOf(model, { ...options, audioPrompt: audio })
    const [part] = await samplesOf(model, { ...options, mix: [{ audio }] })
    expect(part).toEqual(alone)
    const [both] = await samplesOf(model, { ...options, prompt: dog, audioPrompt: audio })
    const mix = [
      { text: dog, weight: 3 },
      { audio, weight: 3 },
    ]
    expectSame((await samplesOf(model, { ...options, mix }))[0], both)
    expect(both).not.toEqual(alone)
    const [second] = await samplesOf(model, { ...options, audioPrompt: other })
    expect(second).not.toEqual(alone)
    const [plain] = await samplesOf(model, { ...options, prompt: dog })
    const [text] = await samplesOf(model, { ...options, mix: [{ text: dog, weight: 0.5 }] })
    const error = text.reduce((max, value, i) => Math.max(max, Math.abs(value - plain[i])), 0)
    expect(error).toBeLessThan(1e-5)
  })

  test('report what was mixed', async () => {
    const mix = [{ text: dog }, { audio, weight: 2 }]
    const { clips } = await run(model, { ...short, mix })
    const parts = [
      { text: dog, weight: 1 },
      { audio: 'mix[1].audio', weight: 2 },
    ]
    expect(clips[0]).toMatchObject({ prompt: '', mix: parts })
  })

  test('candidates are compared with the mix', async () => {
    const mix = [{ text: dog }, { audio, weight: 2 }]
    const result = await run(model, { ...short, mix, candidates: 2 })
    const rows = [await model.embedText(dog), await model.embedAudio(audio)]
    const [a, b] = await Promise.all(rows.map((row) => row.data() as Promise<Float32Array>))
    const sum = a.map((value, i) => value + 2 * b[i])
    const made = (await (await model.embedAudio(result.audio[0])).data()) as Float32Array
    const norm = Math.sqrt(sum.reduce((total, value) => total + value * value, 0))
    const similarity = made.reduce((total, value, i) => total + (value * sum[i]) / norm, 0)
    const best = Math.max(...(result.clips[0].candidates ?? []).map((c) => c.similarity))
    expect(best).toBeCloseTo(similarity, 5)
  })

  test('go together with a sound to start from, a mask and candidates', async () => {
    const init = { audio: sound(1.28, 16_000) }
    const mask = { seconds: [[0.3, 0.6]] as [number, number][] }
    const options = { ...quick, audioPrompt: audio, prompt: dog, init, mask, candidates: 2 }
    const { samples, clips } = await run(model, options)
    expectSame(samples[0].slice(0, 4480), init.audio.samples.slice(0, 4480))
    expect(clips[0].candidates).toHaveLength(2)
    const [one] = await samplesOf(model, { ...options, candidates: 1, seed: clips[0].seed })
    expectSame(one, samples[0])
  })

  test.each([
    ['prompt', {}],
    ['prompt', { prompt: [{}] }],
    ['audioPrompt', { audioPrompt: 3 }],
    ['mix', { mix: [] }],
    ['mix', { mix: [{ text: dog, weight: 0 }] }],
    ['mix', { mix: [{ text: dog }], prompt: dog }],
    ['mix[0]', { mix: [{ text: dog, audio }] }],
    ['mix[0]', { mix: [{}] }],
    ['mix[0].weight', { mix: [{ text: dog, weight: -1 }] }],
    ['mix', { mix: [{ text: dog, weight: [1, 0] }, { audio }] }],
  ])('refuse %s', (option, options) => {
    let error: unknown
    try {
      generate(model, { ...short, ...options } as never)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect((error as InvalidOptionError).option).toBe(option)
  })
})

test('a model without the audio tower generates, and says what it lacks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-deaf-'))
  cpSync(tinyModel, folder, { recursive: true })
  rmSync(join(folder, 'audio_encoder'), { recursive: true })
  const deaf = await loadModel(folder, { device: 'cpu', dtype: 'float32', threads: 2 })
  try {
    const audio = sound(0.5, 16_000)
    await expect(deaf.embedAudio(audio)).rejects.toThrow(InvalidModelError)
    for (const options of [{ candidates: 2 }, { audioPrompt: audio }]) {
      const start = () => generate(deaf, { ...short, prompt: dog, ...options })
      expect(start).toThrow(/no audio_encoder/)
    }
    const [mine] = await samplesOf(model, { ...short, prompt: dog })
    expectSame((await samplesOf(deaf, { ...short, prompt: dog }))[0], mine)
  } finally {
    await deaf.dispose()
    rmSync(folder, { recursive: true })
  }
})
