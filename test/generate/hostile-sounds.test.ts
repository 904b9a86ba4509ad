/** Every sound that is hard to take, in every place that takes one: a right result or a typed error. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AudioError, InvalidOptionError } from '../../lib/errors.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { tinyModel } from '../models'
import { samplesOf, sound } from './sounds.js'

interface Sound {
  samples: Float32Array
  sampleRate: number
}

let model: Model
beforeAll(async () => {
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(() => model?.dispose())

const made = (seconds: number, sampleRate: number, value: (i: number) => number): Sound => ({
  samples: Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, i) => value(i)),
  sampleRate,
})
const withOne = (value: number) => made(0.5, 16_000, (i) => (i === 4000 ? value : 0.1))
const square = (level: number) => (i: number) => (i % 100 < 50 ? level : -level)
const at = (sampleRate: number) => sound(0.5, sampleRate)

/** What each place gives of a sound, once what it gives is right in form. */
const places = {
  async embedAudio(audio: Sound) {
    const embedding = await model.embedAudio(audio)
    expect(embedding.shape).toEqual([1, 512])
    const row = (await embedding.data()) as Float32Array
    expect(Math.hypot(...row)).toBeCloseTo(1, 5)
    return row
  },
  async encodeAudio(audio: Sound) {
    const latents = await model.encodeAudio(audio)
    const frames = Math.ceil((audio.samples.length / audio.sampleRate) * 25 - 1e-9)
    expect(latents.shape).toEqual([1, 8, frames, 16])
    return (await latents.data()) as Float32Array
  },
  async audioPrompt(audio: Sound) {
    const options = { audioPrompt: audio, durationSeconds: 0.2, steps: 1 }
    const [samples] = await samplesOf(model, options)
    expect(samples).toHaveLength(3200)
    return samples
  },
  async init(audio: Sound) {
    const [samples] = await samplesOf(model, { prompt: 'rain', steps: 2, init: { audio } })
    expect(samples).toHaveLength(Math.ceil((audio.samples.length / audio.sampleRate) * 16_000))
    return samples
  },
  async mask(audio: Sound) {
    const mask = { seconds: [[0, 0.00005]] as [number, number][] }
    const [samples] = await samplesOf(model, { prompt: 'rain', steps: 1, init: { audio }, mask })
    expect(samples).toHaveLength(Math.ceil((audio.samples.length / audio.sampleRate) * 16_000))
    return samples
  },
}
type Place = keyof typeof places
const names = Object.keys(places) as Place[]
/** The option that names the sound in messages. */
const optionOf = (place: Place) =>
  ({ audioPrompt: 'audioPrompt', init: 'init.audio', mask: 'init.audio' })[place as string] ??
  'audio'

describe.each(names)('%s', (place) => {
  test.each<[string, Sound]>([
    ['silence', made(0.5, 44_100, () => 0)],
    ['a constant', made(0.5, 44_100, () => 0.5)],
    ['clipping', made(0.5, 44_100, square(7))],
    ['samples far beyond full scale', made(0.5, 44_100, square(1e36))],
    ['samples next to nothing', made(0.5, 16_000, square(1e-40))],
    ['20 ms', sound(0.02, 44_100)],
    ['one sample', made(1 / 16_000, 16_000, () => 0.5)],
    ['8 kHz', at(8000)],
    ['22.05 kHz', at(22_050)],
    ['96 kHz', at(96_000)],
    ['44,101 Hz', at(44_101)],
    ['1 Hz', made(3, 1, (i) => (i === 1 ? 0.5 : 0))],
    ['1 MHz', at(2 ** 20)],
  ])('takes %s', async (_, audio) => {
    const values = await places[place](audio)
    expect(values.every(Number.isFinite)).toBe(true)
    expect(values.some((value) => value !== 0)).toBe(true)
  })

  test.each<[string, Sound, string]>([
    ['NaN', withOne(Number.NaN), 'has a sample that is NaN (4000 of channel 0)'],
    ['infinity', withOne(-Infinity), 'has a sample that is -Infinity (4000 of channel 0)'],
    ['no samples', made(0, 16_000, () => 0), 'has no samples'],
    ['too much of it', made(0.5, 44_100, square(3.4e38)), 'has samples too large to resample'],
  ])('names a sound with %s', async (_, audio, message) => {
    const error = await places[place](audio).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(AudioError)
    expect((error as Error).message).toBe(`${optionOf(place)} ${message}`)
  })

  test.each([
    0,
    -16_000,
    0.5,
    Number.NaN,
    2 ** 20 + 1,
    '16000',
    undefined,
  ])('refuses a sampling rate of %s', async (sampleRate) => {
    const audio = { ...at(16_000), sampleRate: sampleRate as number }
    const error = await Promise.resolve()
      .then(() => places[place](audio))
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect((error as InvalidOptionError).option).toBe(`${optionOf(place)}.sampleRate`)
  })
})

describe('ten minutes', () => {
  const long = made(600, 8000, (i) => Math.sin(i * i * 1e-9) / 2)
  const beginning = (seconds: number) => ({
    samples: long.samples.slice(0, seconds * 8000),
    sampleRate: 8000,
  })

  test.each(['embedAudio', 'audioPrompt'] as const)('are heard by %s to 10 s', async (place) => {
    expect(await places[place](long)).toEqual(await places[place](beginning(10.1)))
  })

  test.each([
    ['init', InvalidOptionError, 'Give durationSeconds (--duration) to use its beginning.'],
    ['mask', InvalidOptionError, 'Give durationSeconds (--duration) to use its beginning.'],
    ['encodeAudio', AudioError, 'Encode it in parts.'],
  ] as const)('are more than %s takes, which says what to do', async (place, type, hint) => {
    const error = (await places[place](long).catch((e: unknown) => e)) as AudioError
    expect(error).toBeInstanceOf(type)
    expect(error.message).toContain('600.0 s long, more than 300 s')
    expect(error.hint).toBe(hint)
  })

  test('give init their beginning, where a duration is given', async () => {
    const start = async (audio: Sound) =>
      (await samplesOf(model, { prompt: '', init: { audio }, durationSeconds: 0.2 }))[0]
    expect(await start(long)).toEqual(await start(beginning(0.3)))
  })
})
