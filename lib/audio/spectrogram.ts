/** A picture of a sound: time across, frequency up on the mel scale, level as colour. */
import { InvalidOptionError } from '../errors.js'
import { colormap } from './colormap.js'
import { PowerSpectrum } from './fft.js'
import { type Color, Raster } from './raster.js'

export interface SpectrogramOptions {
  /** Size of the whole picture in pixels, axes included. Defaults to 960 × 400. */
  width?: number
  height?: number
  /** Decibels from the loudest point down to black. Defaults to 80. */
  rangeDb?: number
}

const longestWindow = 0.064
const shortestWindow = 0.008
const framesPerColumn = 8
const margin = { left: 62, right: 92, top: 26, bottom: 34 }
const paper: Color = [255, 255, 255]
const ink: Color = [70, 70, 78]
const rule: Color = [150, 150, 158]

/**
 * The PNG file of a mono signal's spectrogram: Hann windows of 64 ms (shorter in very short clips), levels relative to the loudest
 * point, axes in seconds, hertz and decibels.
 */
export async function spectrogramPng(
  samples: Float32Array,
  sampleRate: number,
  options: SpectrogramOptions = {},
): Promise<Uint8Array> {
  const width = size('width', options.width ?? 960, 240)
  const height = size('height', options.height ?? 400, 140)
  const rangeDb = options.rangeDb ?? 80
  if (!(rangeDb >= 10 && rangeDb <= 200)) {
    throw new InvalidOptionError('rangeDb', `a number from 10 to 200, not ${rangeDb}`)
  }
  const columns = width - margin.left - margin.right
  const rows = height - margin.top - margin.bottom
  const levels = melLevels(samples, sampleRate, columns, rows)
  const picture = draw(levels, samples.length / sampleRate, sampleRate / 2, rangeDb, width, height)
  const { encode } = await import('fast-png')
  return encode({ width, height, data: picture.data, channels: 3, depth: 8 })
}

function size(name: string, value: number, smallest: number): number {
  if (Number.isInteger(value) && value >= smallest && value <= 8192) return value
  throw new InvalidOptionError(name, `an integer from ${smallest} to 8192, not ${value}`)
}

/**
 * Levels in dB relative to the loudest point, `rows` from the highest frequency down for every
 * column. Silence is −Infinity everywhere.
 */
export function melLevels(
  samples: Float32Array,
  sampleRate: number,
  columns: number,
  rows: number,
): Float32Array {
  const eighth = samples.length / sampleRate / 8
  const seconds = Math.min(longestWindow, Math.max(shortestWindow, eighth))
  const length = 2 ** Math.max(4, Math.round(Math.log2(sampleRate * seconds)))
  const window = Float64Array.from(
    { length },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length),
  )
  // Twice the window: bins close enough together to read a level between them at low frequencies.
  const spectrum = new PowerSpectrum(2 * length)
  const bands = melBands(sampleRate, spectrum.size, rows)
  const power = new Float64Array(length + 1)
  const sum = new Float64Array(length + 1)
  const frame = new Float64Array(length)
  const levels = new Float32Array(columns * rows)
  const step = samples.length / columns
  const frames = Math.min(framesPerColumn, Math.max(1, Math.ceil((2 * step) / length)))

  let peak = 0
  for (let column = 0; column < columns; column++) {
    sum.fill(0)
    for (let f = 0; f < frames; f++) {
      const start = Math.round((column + (f + 0.5) / frames) * step - length / 2)
      for (let i = 0; i < length; i++) {
        frame[i] = (samples[start + i] ?? 0) * window[i]
      }
      spectrum.compute(frame, power)
      for (let k = 0; k <= length; k++) sum[k] = sum[k] + power[k]
    }
    for (let row = 0; row < rows; row++) {
      const level = bandPower(sum, bands[rows - 1 - row], bands[rows - row])
      levels[column * rows + row] = level
      peak = Math.max(peak, level)
    }
  }
  for (let i = 0; i < levels.length; i++) {
    levels[i] = 10 * Math.log10(levels[i] / (peak || 1))
  }
  return levels
}

/** Edges of `rows` bands of equal mel width from 0 to Nyquist, as fractional bins. */
function melBands(sampleRate: number, size: number, rows: number): Float64Array {
  const top = melOf(sampleRate / 2)
  return Float64Array.from(
    { length: rows + 1 },
    (_, i) => (hertzOf((top * i) / rows) * size) / sampleRate,
  )
}

/** Largest power in [from, to] bins: of the bins inside, or interpolated in a narrower band. */
function bandPower(power: Float64Array, from: number, to: number): number {
  const middle = (from + to) / 2
  const below = Math.floor(middle)
  const share = middle - below
  const next = Math.min(below + 1, power.length - 1)
  let largest = power[below] * (1 - share) + power[next] * share
  for (let k = Math.ceil(from); k <= to; k++) largest = Math.max(largest, power[k])
  return largest
}

function melOf(hertz: number): number {
  return Math.log1p(hertz / 700)
}

function hertzOf(mel: number): number {
  return 700 * Math.expm1(mel)
}

function draw(
  levels: Float32Array,
  seconds: number,
  nyquist: number,
  rangeDb: number,
  width: number,
  height: number,
): Raster {
  const picture = new Raster(width, height, paper)
  const columns = width - margin.left - margin.right
  const rows = height - margin.top - margin.bottom
  const colors = colormap()
  const colorAt = (level: number): Color => {
    const i = Math.round(255 * Math.min(1, Math.max(0, 1 + level / rangeDb)))
    return [colors[3 * i], colors[3 * i + 1], colors[3 * i + 2]]
  }
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const level = levels[column * rows + row]
      picture.set(margin.left + column, margin.top + row, colorAt(level))
    }
  }
  const bottom = margin.top + rows
  const right = margin.left + columns

  const timeStep = niceStep(seconds / Math.max(2, columns / 90))
  const decimals = Math.max(0, -Math.floor(Math.log10(timeStep) + 1e-9))
  for (let i = 0; i * timeStep <= seconds * (1 + 1e-9) && seconds > 0; i++) {
    const x = margin.left + Math.min(columns - 1, Math.round((i * timeStep * columns) / seconds))
    picture.fill(x, bottom, 1, 5, rule)
    picture.text((i * timeStep).toFixed(decimals), x, bottom + 15, 'center', ink)
  }
  picture.text('s', right + 24, bottom + 15, 'left', ink)

  let lastY = Number.POSITIVE_INFINITY
  for (const hertz of [0, 100, 250, 500, 1000, 2000, 4000, 8000, 16000, 24000, 48000]) {
    if (hertz > nyquist) break
    const y = bottom - Math.round((rows * melOf(hertz)) / melOf(nyquist))
    if (lastY - y < 16 || y < margin.top) continue
    lastY = y
    picture.fill(margin.left - 5, Math.min(y, bottom - 1), 5, 1, rule)
    const label = hertz < 1000 ? String(hertz) : `${hertz / 1000}k`
    picture.text(label, margin.left - 10, Math.min(y, bottom - 4), 'right', ink)
  }
  picture.text('Hz', margin.left - 10, 9, 'right', ink)

  const bar = right + 18
  for (let row = 0; row < rows; row++) {
    picture.fill(bar, margin.top + row, 12, 1, colorAt((-rangeDb * row) / (rows - 1)))
  }
  const levelStep = niceStep(rangeDb / Math.max(2, rows / 40))
  for (let level = 0; level <= rangeDb; level += levelStep) {
    const y = margin.top + Math.round(((rows - 1) * level) / rangeDb)
    picture.fill(bar + 12, y, 4, 1, rule)
    const label = level === 0 ? '0 dB' : `-${level}`
    picture.text(label, bar + 21, Math.min(bottom - 4, Math.max(margin.top + 4, y)), 'left', ink)
  }
  return picture
}

/** The smallest of 1, 2, 5 · 10ⁿ that is not below `atLeast`. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast || 1))
  const factor = [1, 2, 5].find((value) => value * power >= atLeast * (1 - 1e-9)) ?? 10
  return factor * power
}
