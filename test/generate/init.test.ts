import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AudioError, InvalidOptionError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { tinyModel } from '../models'
import { expectSame, quick, run, samplesOf, sound } from './sounds.js'

let model: Model
beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(() => model?.dispose())

const source = sound(1.28, 16_000)

describe('init', () => {
  test('strength 0 gives back the sound encoded and decoded', async () => {
    const [audio] = await model.decodeLatents(await model.encodeAudio(source))
    const decoded = await audio.toFloat32Array()
    const result = await run(model, { prompt: 'a dog', init: { audio: source, strength: 0 } })
    expectSame(result.samples[0], decoded)
    expect(result.clips[0]).toMatchObject({
      durationSeconds: 1.28,
      init: { audio: 'init.audio', strength: 0 },
    })
    expect(result.timings.stepMs).toHaveLength(0)
  })

  test('strength 1 is plain generation of that length', async () => {
    const [plain] = await samplesOf(model, { prompt: 'a dog', durationSeconds: 1.28 })
    const init = { audio: source, strength: 1 }
    expectSame((await samplesOf(model, { prompt: 'a dog', init }))[0], plain)
  })

  test('strengths between them take int(steps · strength) steps, every time the same', async () => {
    const options = { prompt: 'a dog', steps: 5, init: { audio: source, strength: 0.5 } }
    const first = await run(model, options)
    expect(first.timings.stepMs).toHaveLength(2)
    const again = await run(model, options)
    expectSame(again.samples, first.samples)
    const other = await run(model, { ...options, init: { audio: sound(1.28, 16_000, 2) } })
    expect(other.samples[0]).not.toEqual(first.samples[0])
  })

  test.each([
    ['the length of the sound', undefined, 44_100 * 0.7, 44_100],
    ['20 ms', undefined, 320, 16_000],
    ['another length', 2, 16_000, 16_000],
    ['the beginning of a sound', 0.3, 160_000, 16_000],
  ])('takes %s', async (_, durationSeconds, length, sampleRate) => {
    const { samples } = sound(length / sampleRate, sampleRate)
    const init = { audio: { samples, sampleRate }, strength: 0.5 }
    const result = await run(model, { prompt: 'a dog', init, durationSeconds })
    const expected = Math.ceil((durationSeconds ?? samples.length / sampleRate) * 16_000)
    expect(result.samples[0]).toHaveLength(expected)
    expect(result.samples[0].every(Number.isFinite)).toBe(true)
  })
})

describe('mask', () => {
  const init = { audio: source }
  const fade = 320

  test('leaves what is outside the cross-fades untouched, bit by bit', async () => {
    const seconds: [number, number][] = [
      [0.4, 0.6],
      [0.9, 1],
    ]
    const options = { prompt: 'a dog', init, mask: { seconds } }
    const { samples, clips } = await run(model, options)
    const [made] = samples
    expect(made).toHaveLength(source.samples.length)
    const inside = (i: number) =>
      seconds.some(([a, b]) => i >= a * 16_000 - fade && i < b * 16_000 + fade)
    const changed = (i: number) => made[i] !== source.samples[i]
    const indices = [...made.keys()]
    expect(indices.filter((i) => !inside(i) && changed(i))).toEqual([])
    const touched = indices.filter((i) => inside(i) && changed(i))
    expect(touched.length).toBeGreaterThan(0.98 * indices.filter(inside).length)
    expect(clips[0].mask).toEqual({ seconds })
    expectSame((await run(model, options)).samples, samples)
  })

  test('fades only inside the clip', async () => {
    const [made] = await samplesOf(model, { prompt: 'a dog', init, mask: { seconds: [[0, 0.2]] } })
    expect(made[0]).not.toBe(source.samples[0])
    expectSame(made.slice(0.2 * 16_000 + fade), source.samples.slice(0.2 * 16_000 + fade))
  })

  test('fills high frequencies of a sound that lacks them', async () => {
    const low = { audio: sound(1.28, 8_000) }
    const above = await run(model, { prompt: 'rain', init: low, mask: { hertz: 'above-source' } })
    const explicit = await run(model, {
      prompt: 'rain',
      init: low,
      mask: { hertz: [[4000, 8000]] },
    })
    expectSame(above.samples, explicit.samples)
    expect(above.samples[0]).toHaveLength(20_480)
  })

  test('with all of it made anew equals plain generation at the level of the sound', async () => {
    const [plain] = await samplesOf(model, { prompt: 'a dog', durationSeconds: 1.28 })
    const everything = { hertz: [[0, 8000]] as [number, number][] }
    const [made] = await samplesOf(model, { prompt: 'a dog', init, mask: everything })
    const mean = source.samples.reduce((sum, value) => sum + value, 0) / source.samples.length
    const peak = source.samples.reduce((max, value) => Math.max(max, Math.abs(value - mean)), 0)
    const error = made.map((value, i) => Math.abs(value - (plain[i] * 2 * peak + mean)))
    expect(Math.max(...error)).toBeLessThan(1e-6)
  })
})

describe('refuses', () => {
  const audio = source
  test.each([
    ['init', { init: 'a.wav' }],
    ['init.strength', { init: { audio, strength: 1.5 } }],
    ['init.strength', { init: { audio, strength: Number.NaN } }],
    ['init.audio', { init: { audio: 7 } }],
    ['init.audio', { init: { audio: [] } }],
    ['init.audio', { init: {} }],
    ['init.audio.sampleRate', { init: { audio: { ...audio, sampleRate: 0 } } }],
    ['mask', { mask: { seconds: [[0, 1]] } }],
    ['mask', { init: { audio }, mask: {} }],
    ['mask.seconds', { init: { audio }, mask: { seconds: [] } }],
    ['mask.seconds[0]', { init: { audio }, mask: { seconds: [[2, 1]] } }],
    ['mask.hertz', { init: { audio }, mask: { hertz: 'all' } }],
  ])('%s', (option, options) => {
    const wrong = { ...quick, prompt: 'a dog', ...options } as never
    expect(() => generate(model, wrong)).toThrow(InvalidOptionError)
    try {
      generate(model, wrong)
    } catch (error) {
      expect((error as InvalidOptionError).option).toBe(option)
    }
  })

  test('a file that is not there', async () => {
    const init = { audio: '/nowhere/a.wav' }
    const error = await samplesOf(model, { prompt: 'a dog', init }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(AudioError)
    expect((error as Error).message).toContain('/nowhere/a.wav cannot be opened')
  })

  test('ranges past the end, and frequencies past those of the model', async () => {
    const fails = async (options: object, option: string) => {
      const error = await samplesOf(model, { prompt: '', ...options }).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(InvalidOptionError)
      expect((error as InvalidOptionError).option).toBe(option)
    }
    await fails({ init: { audio }, mask: { seconds: [[1, 4]] } }, 'mask.seconds')
    await fails({ init: { audio }, mask: { hertz: 'above-source' } }, 'mask.hertz')
  })
})
