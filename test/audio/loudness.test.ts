/**
 * Loudness and true peak on the signals of EBU Tech 3341, whose values are exact by definition, and on
 * the filters that ITU-R BS.1770-4 states for 48 kHz.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { Audio } from '../../lib/audio/audio.js'
import { integratedLoudness, measureLoudness } from '../../lib/audio/loudness.js'
import { AudioError, InvalidOptionError } from '../../lib/errors.js'
import { loadNative, type NativeCore } from '../../lib/native/load.js'
import { Tensor } from '../../lib/tensor.js'
import { randomNumbers } from './sounds.js'

/** Stretches of a sine, each at so many dB of full scale for so many seconds. */
function tone(rate: number, stretches: [decibels: number, seconds: number][], hertz = 1000) {
  const samples: number[] = []
  for (const [decibels, seconds] of stretches) {
    const amplitude = 10 ** (decibels / 20)
    const end = samples.length + Math.round(seconds * rate)
    while (samples.length < end) {
      samples.push(amplitude * Math.sin((2 * Math.PI * hertz * samples.length) / rate))
    }
  }
  return Float32Array.from(samples)
}

const stereo = (samples: Float32Array) => [samples, samples]

describe('EBU Tech 3341, integrated loudness of stereo sines', () => {
  test.each([
    ['1', [[-23, 20]], -23],
    ['2', [[-33, 20]], -33],
    [
      '3',
      [
        [-36, 10],
        [-23, 60],
        [-36, 10],
      ],
      -23,
    ],
    [
      '4',
      [
        [-72, 10],
        [-36, 10],
        [-23, 60],
        [-36, 10],
        [-72, 10],
      ],
      -23,
    ],
    [
      '5',
      [
        [-26, 20],
        [-20, 20.1],
        [-26, 20],
      ],
      -23,
    ],
  ] as [string, [number, number][], number][])('case %s', (_, stretches, lufs) => {
    for (const rate of stretches.length === 1 ? [48000, 16000] : [16000]) {
      const measured = integratedLoudness(stereo(tone(rate, stretches)), rate)
      expect(Math.abs((measured as number) - lufs)).toBeLessThan(0.1)
    }
  })
})

test.each([16000, 22050, 44100, 48000, 96000])('at %d Hz one channel has 3 dB less', (rate) => {
  const samples = tone(rate, [[-20, 3]], 997)
  // BS.1770-4: a sine of 997 Hz at full scale in one channel is at −3.01 LUFS.
  expect(integratedLoudness([samples], rate)).toBeCloseTo(-23.01, 1)
  expect(integratedLoudness(stereo(samples), rate)).toBeCloseTo(-20, 1)
})

test('the filters are those that BS.1770-4 states for 48 kHz', () => {
  const noise = randomNumbers(4)
  const samples = Float32Array.from({ length: 3 * 48000 }, () => 0.2 * (noise() - 0.5))
  const filter = (b: number[], a: number[]) => {
    const [x, y] = [
      [0, 0],
      [0, 0],
    ]
    return (value: number) => {
      const out = b[0] * value + b[1] * x[0] + b[2] * x[1] - a[0] * y[0] - a[1] * y[1]
      x.unshift(value)
      y.unshift(out)
      x.length = 2
      y.length = 2
      return out
    }
  }
  const shelf = filter(
    [1.53512485958697, -2.69169618940638, 1.19839281085285],
    [-1.69065929318241, 0.73248077421585],
  )
  const cut = filter([1, -2, 1], [-1.99004745483398, 0.99007225036621])
  const energy = samples.reduce((sum, value) => sum + cut(shelf(value)) ** 2, 0)
  const expected = -0.691 + 10 * Math.log10(energy / samples.length)
  expect(integratedLoudness([samples], 48000)).toBeCloseTo(expected, 2)
})

test('the true peak is that between the samples', () => {
  // EBU Tech 3341, cases 15 to 18: sines of a quarter of the rate at −6 dB; phases decide what samples
  // see of them.
  for (const rate of [48000, 16000]) {
    for (const degrees of [0, 45, 60, 67.5]) {
      const samples = Float32Array.from(
        { length: rate },
        (_, i) => 0.5 * Math.sin((Math.PI / 2) * i + (degrees / 180) * Math.PI),
      )
      // Without the clicks at the ends, where a sine begins at once.
      for (let i = 0; i < 200; i++) {
        samples[i] *= i / 200
        samples[rate - 1 - i] *= i / 200
      }
      const { truePeak } = measureLoudness([samples], rate)
      expect(truePeak).toBeGreaterThan(-6.02 - 0.4)
      expect(truePeak).toBeLessThan(-6.02 + 0.2)
    }
  }
})

describe('Audio', () => {
  let native: NativeCore
  beforeAll(() => {
    native = loadNative({ cuda: false })
  })
  const audioOf = (channels: Float32Array[], rate = 16000) => {
    const all = Float32Array.from(channels.flatMap((samples) => [...samples]))
    const shape = channels.length === 1 ? [all.length] : [2, channels[0].length]
    return new Audio(new Tensor(native.core.NativeTensor.from(all, shape)), rate)
  }

  test('normalise brings it to a loudness, and both channels by as much', async () => {
    const channels = [tone(16000, [[-40, 2]]), tone(16000, [[-34, 2]], 700)]
    const audio = audioOf(channels)
    const level = await audio.normalise({ lufs: -16 })
    expect((await level.loudness()).lufs).toBeCloseTo(-16, 2)
    expect([level.channels, level.sampleRate]).toEqual([2, 16000])
    const [before, after] = [await audio.toFloat32Array(), await level.toFloat32Array()]
    const gain = after[5] / before[5]
    for (const i of [9, 1234, 40_000, 63_999]) expect(after[i] / before[i]).toBeCloseTo(gain, 4)
    expect((await audio.loudness()).lufs).toBeLessThan(-30)
  })

  test('the true peak stays below its limit, and what is below it is left alone', async () => {
    const sparse = new Float32Array(32_000)
    for (let i = 0; i < 32_000; i += 800) sparse[i] = 0.5
    const level = await audioOf([sparse]).normalise({ lufs: -5 })
    const { lufs, truePeak } = await level.loudness()
    expect(truePeak).toBeCloseTo(-1, 2)
    expect(lufs).toBeLessThan(-6)
    const low = await audioOf([sparse]).normalise({ truePeak: -20 })
    expect((await low.loudness()).truePeak).toBeCloseTo(-20, 2)
    const same = await audioOf([sparse]).normalise({ truePeak: 0 })
    expect(await same.toFloat32Array()).toEqual(sparse)
  })

  test('silence and what is shorter than 400 ms have no loudness', async () => {
    const silent = audioOf([new Float32Array(16_000)])
    expect(await silent.loudness()).toEqual({ lufs: null, truePeak: null })
    await expect(silent.normalise({ lufs: -16 })).rejects.toThrow('is silent and has no loudness')
    expect(await (await silent.normalise({ truePeak: -1 })).toFloat32Array()).toEqual(
      new Float32Array(16_000),
    )
    const short = audioOf([tone(16000, [[-3, 0.399]])])
    expect((await short.loudness()).lufs).toBeNull()
    const refused = short.normalise({ lufs: -16 })
    await expect(refused).rejects.toThrow(AudioError)
    await expect(refused).rejects.toThrow('is shorter than 0.4 s')
    expect((await audioOf([tone(16000, [[-3, 0.4]])]).loudness()).lufs).toBeCloseTo(-6, 0)
    expect((await audioOf([tone(16000, [[-80, 1]])]).loudness()).lufs).toBeNull()
  })

  test('options are checked', async () => {
    for (const options of [{ lufs: 1 }, { lufs: -71 }, { truePeak: 1 }, { peak: 0 } as object]) {
      await expect(audioOf([tone(16000, [[-3, 1]])]).normalise(options)).rejects.toThrow(
        InvalidOptionError,
      )
    }
  })
})
