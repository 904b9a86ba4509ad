import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model/model.js'
import { longestWhole, windowCount, windowsFor } from '../../lib/model/windows.js'
import { tinyModel } from '../models'
import { run, samplesOf, sound } from './sounds.js'

let model: Model
beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(() => model?.dispose())

const difference = (a: Float32Array, b: Float32Array) =>
  a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i])), 0)

describe('windows', () => {
  const whole = (frames: number, long?: boolean) =>
    windowsFor(model.folder.geometry, model.info.sampleRate, frames, long)

  test('begin where a clip is longer than 20.48 s, or where they are asked for', () => {
    const limit = longestWhole * 25
    expect(whole(limit)).toBeNull()
    expect(whole(limit + 1)).toEqual({ frames: 256, overlap: 64 })
    expect(whole(limit, true)).toEqual({ frames: 256, overlap: 64 })
    expect(whole(256, true)).toBeNull()
    expect(whole(limit * 10, false)).toBeNull()
  })

  test('grow in number with the length of a clip', () => {
    const count = (frames: number) => windowCount(whole(frames, true), frames)
    expect([100, 256, 257, 448, 449, 1500].map(count)).toEqual([1, 1, 2, 2, 3, 8])
  })
})

describe('a long clip', () => {
  const options = { prompt: 'rain', steps: 2, long: true, durationSeconds: 12 }

  test('is made in windows, the same every time, and reports it', async () => {
    const result = await run(model, options)
    expect(result.clips[0].long).toBe(true)
    expect(result.samples[0]).toHaveLength(12 * 16_000)
    expect(difference((await run(model, options)).samples[0], result.samples[0])).toBe(0)
    const { clips, samples } = await run(model, { ...options, long: undefined })
    expect(clips[0]).not.toHaveProperty('long')
    expect(difference(samples[0], result.samples[0])).toBeGreaterThan(1e-3)
  })

  test('goes from one prompt to another', async () => {
    const made = async (from: [number, number], to: [number, number]) => {
      const mix = [
        { text: 'rain', weight: from },
        { text: 'a dog barking', weight: to },
      ]
      return (await samplesOf(model, { ...options, prompt: undefined, mix }))[0]
    }
    const [rain, dog] = [await made([1, 1], [0, 0]), await made([0, 0], [1, 1])]
    const both = await made([1, 0], [0, 1])
    // Two windows: what only one of them covers has its prompt alone in the latents, and hears the
    // other through the autoencoder's attention.
    const [start, end] = [
      [0, 16_000],
      [11 * 16_000, 12 * 16_000],
    ]
    const apart = (other: Float32Array, [a, b]: number[]) =>
      difference(both.subarray(a, b), other.subarray(a, b))
    expect(apart(rain, start)).toBeLessThan(apart(dog, start))
    expect(apart(dog, end)).toBeLessThan(apart(rain, end))
  })

  test('can start from a sound, which is encoded in windows', async () => {
    const audio = sound(24, 8000)
    const result = await run(model, { prompt: 'rain', init: { audio, strength: 0 } })
    expect(result.clips[0].long).toBe(true)
    const [decoded] = await model.decodeLatents(await model.encodeAudio(audio))
    // The vocoder runs in other chunks here.
    expect(difference(result.samples[0], await decoded.toFloat32Array())).toBeLessThan(1e-5)
  })
})
