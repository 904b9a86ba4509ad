import { describe, expect, test } from 'vitest'
import { colormap } from '../../lib/audio/colormap.js'
import { PowerSpectrum } from '../../lib/audio/fft.js'
import { melLevels, spectrogramPng } from '../../lib/audio/spectrogram.js'
import { InvalidOptionError } from '../../lib/errors.js'

describe('PowerSpectrum', () => {
  test('equals the sum that defines it', () => {
    for (const size of [2, 8, 64]) {
      const frame = Float64Array.from({ length: size - 1 }, (_, i) => Math.sin(i * i) + 0.3)
      const power = new Float64Array(size / 2 + 1)
      new PowerSpectrum(size).compute(frame, power)
      for (let k = 0; k <= size / 2; k++) {
        let [re, im] = [0, 0]
        frame.forEach((value, n) => {
          re += value * Math.cos((2 * Math.PI * k * n) / size)
          im -= value * Math.sin((2 * Math.PI * k * n) / size)
        })
        expect(power[k]).toBeCloseTo(re * re + im * im, 9)
      }
    }
  })

  test('a length that is no power of two is refused', () => {
    expect(() => new PowerSpectrum(48)).toThrow(RangeError)
  })
})

function tone(hertz: number, seconds: number, sampleRate = 16000): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, i) =>
    Math.sin((2 * Math.PI * hertz * i) / sampleRate),
  )
}

describe('melLevels', () => {
  test('a tone is the loudest row at its frequency, in every column', () => {
    const rows = 200
    const mel = (hertz: number) => Math.log1p(hertz / 700)
    for (const hertz of [300, 1000, 5000]) {
      const levels = melLevels(tone(hertz, 1), 16000, 50, rows)
      const row = rows - (rows * mel(hertz)) / mel(8000)
      for (let column = 2; column < 48; column++) {
        const strip = levels.subarray(column * rows, (column + 1) * rows)
        const loudest = strip.indexOf(Math.max(...strip))
        expect(Math.abs(loudest + 0.5 - row)).toBeLessThan(2)
        expect(strip[loudest]).toBeGreaterThan(-1)
        expect(strip[loudest]).toBeLessThan(1e-5)
      }
    }
  })

  test('time runs along the columns and a tenth of the amplitude is 20 dB less', () => {
    const samples = tone(1000, 2).map((value, i) => (i < 16000 ? 0.1 * value : value))
    const levels = melLevels(samples, 16000, 40, 100)
    const top = (column: number) => Math.max(...levels.subarray(column * 100, (column + 1) * 100))
    expect(top(5)).toBeCloseTo(-20, 1)
    expect(top(35)).toBeCloseTo(0, 1)
  })
})

describe('spectrogramPng', () => {
  test('is a PNG of the wanted size with a light margin and the tone in it', async () => {
    const { decode } = await import('fast-png')
    const picture = decode(await spectrogramPng(tone(1000, 1), 16000, { width: 400, height: 200 }))
    expect([picture.width, picture.height, picture.channels]).toEqual([400, 200, 3])
    const at = (x: number, y: number) =>
      [0, 1, 2].map((c) => picture.data[(y * 400 + x) * 3 + c] as number)
    expect(at(0, 0)).toEqual([255, 255, 255])
    const column = Array.from({ length: 140 }, (_, i) => at(180, 26 + i).reduce((a, b) => a + b))
    expect(Math.max(...column)).toBeGreaterThan(650)
    expect(Math.min(...column)).toBeLessThan(60)
  })

  test('silence, a single sample and nothing at all give a picture too', async () => {
    const { decode } = await import('fast-png')
    for (const samples of [new Float32Array(16000), Float32Array.of(1), new Float32Array(0)]) {
      expect(decode(await spectrogramPng(samples, 16000)).width).toBe(960)
    }
  })

  test('impossible sizes are refused', async () => {
    for (const options of [{ width: 10 }, { height: 1e9 }, { rangeDb: 0 }]) {
      await expect(spectrogramPng(tone(10, 1), 16000, options)).rejects.toThrow(InvalidOptionError)
    }
  })
})

test('the colour scale rises evenly in luminance', () => {
  const table = colormap()
  const linear = (value: number) =>
    value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
  const lightness = Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = table.subarray(3 * i, 3 * i + 3)
    return Math.cbrt(0.2126 * linear(r ?? 0) + 0.7152 * linear(g ?? 0) + 0.0722 * linear(b ?? 0))
  })
  for (let i = 8; i < 256; i += 8) {
    const step = (lightness[i] as number) - (lightness[i - 8] as number)
    expect(step).toBeGreaterThan(0.01)
    expect(step).toBeLessThan(0.06)
  }
})
