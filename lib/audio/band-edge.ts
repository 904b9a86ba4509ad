/** Where the band of a recording ends: many files have a higher rate than what is in them. */
import { PowerSpectrum } from './fft.js'

const bandsPerOctave = 24
const lowestHertz = 500
/** How far the spectrum falls at the end of a band, at least. */
const cliffDb = 15
/** Bands that stand for what is below it: a third of an octave. */
const below = 8
/** Bands in which it may fall: a sixth of an octave. */
const slope = 4
const fewestAbove = 3
/** At the edge the level has fallen so far. */
const edgeDb = 6
/** Relative to the strongest band: what is weaker counts as nothing. */
const silenceDb = -80
const mostFrames = 1000

/**
 * The frequency in hertz, from 500 on, where the long-term spectrum falls off a cliff: by 15 dB or
 * more within a sixth of an octave, never to come back. Of several the deepest. Undefined where there
 * is none below 0.8 of half the sampling rate, as in every recording whose spectrum merely slopes.
 *
 * Powers are averaged over time and over bands of a 24th of an octave. On either side of a cliff
 * the third strongest band counts, of the 8 below and of all above: no whistle decides.
 */
export function bandEdge(samples: Float32Array, sampleRate: number): number | undefined {
  const levels = bandLevels(samples, sampleRate)
  let deepest = cliffDb
  let edge: number | undefined
  for (let i = below; i + slope + fewestAbove <= levels.length; i++) {
    const content = thirdStrongest(levels.slice(i - below, i))
    const depth = content - thirdStrongest(levels.slice(i + slope))
    if (depth < deepest) continue
    deepest = depth
    let last = Math.min(i + below, levels.length) - 1
    while (levels[last] < content - edgeDb) last--
    edge = borderOf(last + 1)
  }
  return edge
}

function thirdStrongest(levels: number[]): number {
  return levels.sort((a, b) => b - a)[2]
}

/** Decibels of every whole band, relative to the strongest. */
function bandLevels(samples: Float32Array, sampleRate: number): number[] {
  const power = meanPower(samples, 2 ** Math.ceil(Math.log2(sampleRate / 12)))
  const perHertz = (2 * (power.length - 1)) / sampleRate
  const means: number[] = []
  for (let band = 0; borderOf(band + 1) <= sampleRate / 2; band++) {
    const bins = power.subarray(
      Math.ceil(borderOf(band) * perHertz),
      Math.ceil(borderOf(band + 1) * perHertz),
    )
    means.push(bins.reduce((sum, value) => sum + value, 0) / bins.length)
  }
  const peak = Math.max(...means)
  if (!(peak > 0)) return []
  return means.map((mean) => Math.max(silenceDb, 10 * Math.log10(mean / peak)))
}

function borderOf(band: number): number {
  return lowestHertz * 2 ** (band / bandsPerOctave)
}

/** Of frames of `size` samples under Hann windows, spread over the whole. */
function meanPower(samples: Float32Array, size: number): Float64Array {
  const spectrum = new PowerSpectrum(size)
  const window = Float64Array.from(
    { length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size),
  )
  const last = Math.max(0, samples.length - size)
  const hop = Math.max(size / 2, last / mostFrames)
  const frame = new Float64Array(size)
  const power = new Float64Array(size / 2 + 1)
  const sum = new Float64Array(size / 2 + 1)
  for (let start = 0; start <= last; start += hop) {
    const from = Math.floor(start)
    for (let i = 0; i < size; i++) frame[i] = (samples[from + i] ?? 0) * window[i]
    spectrum.compute(frame, power)
    for (let k = 0; k < sum.length; k++) sum[k] += power[k]
  }
  return sum
}
