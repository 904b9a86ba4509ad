/** What a listener would say of a sound, in numbers. */
import { PowerSpectrum } from '../../lib/audio/fft.js'

const rate = 44100
const frame = 1024
const hop = 441
const bands = 20

export interface Measures {
  /** Hz around which the energy lies, on a logarithmic scale, up to 8 kHz. */
  centroid: number
  /** Beginnings a second. */
  onsets: number
  /** How fast levels go up and down, in Hz. */
  modulation: number
  /** How often a second the level, smoothed over 0.1 s, comes back from a pause. */
  swells: number
  /** Part of the time in which the level is within 20 dB of its largest. */
  filled: number
  /** Root mean square in dB. */
  level: number
}

export function measure(samples: Float32Array): Measures {
  const spectrum = new PowerSpectrum(frame)
  const power = new Float64Array(frame / 2 + 1)
  const windowed = new Float64Array(frame)
  const levels: number[] = []
  const tracks: Float64Array[] = []
  let [sum, weighted, square] = [0, 0, 0]
  for (let at = 0; at + frame <= samples.length; at += hop) {
    for (let i = 0; i < frame; i++) {
      windowed[i] = samples[at + i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frame))
    }
    spectrum.compute(windowed, power)
    const band = new Float64Array(bands)
    let all = 0
    for (let k = 1; k < (8000 * frame) / rate; k++) {
      all += power[k]
      weighted += power[k] * Math.log((k * rate) / frame)
      band[Math.floor(Math.log2(k) * 2.6)] += power[k]
    }
    sum += all
    levels.push(Math.sqrt(all))
    tracks.push(band.map(Math.sqrt))
  }
  for (const value of samples) square += value * value
  const loudest = [...levels].sort((a, b) => a - b)[Math.floor(0.98 * levels.length)]
  return {
    centroid: Math.exp(weighted / sum),
    onsets: countOnsets(tracks) / (samples.length / rate),
    modulation: modulationOf(tracks),
    swells: countSwells(levels) / (samples.length / rate),
    filled: levels.filter((level) => level > 0.1 * loudest).length / levels.length,
    level: 10 * Math.log10(square / samples.length),
  }
}

function countSwells(levels: number[]): number {
  const smooth = levels.map((_, i) =>
    levels.slice(Math.max(0, i - 10), i + 1).reduce((a, b) => a + b),
  )
  const loudest = Math.max(...smooth)
  let [swells, quiet] = [0, true]
  for (const level of smooth) {
    if (quiet && level > 0.4 * loudest) swells++
    if (level > 0.4 * loudest) quiet = false
    else if (level < 0.2 * loudest) quiet = true
  }
  return swells
}

/** Peaks of the rise of all bands together, 30 ms apart or more. */
function countOnsets(tracks: Float64Array[]): number {
  const rises = tracks.map((now, i) =>
    now.reduce((sum, value, k) => sum + Math.max(0, value - (tracks[i - 2]?.[k] ?? 0)), 0),
  )
  const least = 0.15 * Math.max(...rises)
  const isPeak = (value: number, i: number) =>
    value >= least && [-3, -2, -1, 1, 2, 3].every((d) => value > (rises[i + d] ?? 0))
  return rises.filter(isPeak).length
}

/** The centroid of the spectra of the bands' levels, on a logarithmic scale. */
function modulationOf(tracks: Float64Array[]): number {
  const size = 2 ** Math.ceil(Math.log2(tracks.length))
  const spectrum = new PowerSpectrum(size)
  const power = new Float64Array(size / 2 + 1)
  let [sum, weighted] = [0, 0]
  for (let k = 0; k < bands; k++) {
    const track = tracks.map((band) => band[k])
    const mean = track.reduce((a, b) => a + b, 0) / track.length
    const swing = track.map(
      (value, i) => (value - mean) * Math.sin((Math.PI * i) / track.length) ** 2,
    )
    spectrum.compute(swing, power)
    for (let i = 1; i <= size / 2; i++) {
      sum += power[i]
      weighted += power[i] * Math.log((i * rate) / hop / size)
    }
  }
  return Math.exp(weighted / sum)
}
