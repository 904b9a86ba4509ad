import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Audio } from '../../lib/audio/audio.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { AudioError, InvalidOptionError } from '../../lib/errors.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { cosineSimilarity } from '../../lib/model/similarity.js'
import { Tensor } from '../../lib/tensor.js'
import { tinyModel } from '../models'
import { sound } from './sounds.js'

const scratch = mkdtempSync(join(tmpdir(), 'audioldm-clap-'))
const folder = tinyModel
let model: Model
beforeAll(async () => {
  model = await loadModel(folder, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(async () => {
  await model?.dispose()
  rmSync(scratch, { recursive: true })
})

const rows = async (tensor: Tensor): Promise<number[][]> => {
  const data = Array.from((await tensor.data()) as Float32Array)
  return Array.from({ length: tensor.shape[0] }, (_, i) => data.slice(512 * i, 512 * i + 512))
}

describe('embedAudio', () => {
  test('takes paths, bytes, samples and Audio, of several channels the first', async () => {
    const { samples, sampleRate } = sound(0.5, 16_000)
    const bytes = encodeWav(samples, sampleRate, 'float32')
    const path = join(scratch, 'a.wav')
    writeFileSync(path, bytes)
    const { core } = model.core
    const audio = new Audio(
      new Tensor(core.NativeTensor.from(samples, [samples.length])),
      sampleRate,
    )
    const stereo = { samples: [samples, samples.map(() => 0.9)], sampleRate }
    const inputs = [path, bytes, { samples, sampleRate }, audio, stereo]
    const [first, ...others] = await rows(await model.embedAudio(inputs))
    for (const row of others) expect(row).toEqual(first)
    expect((await rows(await model.embedAudio(path)))[0]).toEqual(first)
    expect(Math.hypot(...first)).toBeCloseTo(1, 6)
  })

  test.each([
    ['audio', undefined],
    ['audio', ''],
    ['audio', []],
    ['audio', 5],
    ['audio[0]', [null]],
    ['audio.samples', { samples: [1, 2], sampleRate: 8000 }],
    ['audio[1].sampleRate', [sound(0.1, 8000), { samples: new Float32Array(3), sampleRate: 0.5 }]],
  ])('refuses %s', async (option, input) => {
    const error = await model.embedAudio(input as never).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect((error as InvalidOptionError).option).toBe(option)
  })

  test('names a sound that cannot be read', async () => {
    const nan = { samples: Float32Array.of(0, Number.NaN), sampleRate: 8000 }
    for (const [input, message] of [
      [nan, 'audio[1] has a sample that is NaN'],
      [new Uint8Array(0), 'audio[1] is empty'],
      [join(scratch, 'none.wav'), 'none.wav cannot be opened'],
    ] as const) {
      const error = await model.embedAudio([sound(0.1, 8000), input]).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(AudioError)
      expect((error as Error).message).toContain(message)
    }
  })

  test('stops when aborted', async () => {
    const signal = AbortSignal.abort('enough')
    await expect(model.embedAudio(sound(1, 8000), { signal })).rejects.toThrow('aborted')
  })
})

describe('encodeAudio', () => {
  test('gives the mean without a seed, and with one always the same draw', async () => {
    const input = sound(0.5, 44_100)
    const data = async (seed?: number) =>
      (await (await model.encodeAudio(input, { seed })).data()) as Float32Array
    const mean = await data()
    expect(await data()).toEqual(mean)
    const draw = await data(3)
    expect(draw).not.toEqual(mean)
    expect(await data(3)).toEqual(draw)
    expect(await data(4)).not.toEqual(draw)
  })

  test('hears neither level nor offset', async () => {
    const { samples, sampleRate } = sound(0.5, 16_000)
    const other = { samples: samples.map((value) => value / 16 + 0.25), sampleRate }
    const [a, b] = await Promise.all(
      [{ samples, sampleRate }, other].map(
        async (input) => (await (await model.encodeAudio(input)).data()) as Float32Array,
      ),
    )
    expect(a.reduce((max, v, i) => Math.max(max, Math.abs(v - b[i])), 0)).toBeLessThan(1e-3)
  })

  test('pads with zeros to whole latent frames', async () => {
    const latents = await model.encodeAudio(sound(0.05, 16_000))
    expect(latents.shape).toEqual([1, 8, 2, 16])
    const [audio] = await model.decodeLatents(latents)
    expect(audio.durationSeconds).toBeCloseTo(0.08, 6)
  })
})

test('cosineSimilarity refuses what cannot be compared', async () => {
  const text = await model.embedText('rain')
  const latents = await model.encodeAudio(sound(0.05, 16_000))
  await expect(cosineSimilarity(text, latents)).rejects.toThrow(InvalidOptionError)
  await expect(cosineSimilarity([1] as never, text)).rejects.toThrow(InvalidOptionError)
})
