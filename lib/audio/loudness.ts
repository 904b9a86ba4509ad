/** Loudness and true peak as ITU-R BS.1770-4 defines them. */
import { resample } from './resample.js'

export interface Loudness {
  /**
   * Integrated loudness in LUFS; null where there is none: of what is shorter than 400 ms, or nowhere
   * louder than −70 LUFS.
   */
  lufs: number | null
  /** Of the waveform between the samples, in dB of full scale; null of digital silence. */
  truePeak: number | null
}

export interface LevelOptions {
  /** Integrated loudness to be at, −70 … 0 LUFS. */
  lufs?: number
  /** What the true peak stays below, −60 … 0 dB; default −1 where `lufs` is given. */
  truePeak?: number
}

/** Of a block of 400 ms; one begins every 100 ms. */
const stepsInBlock = 4
const absoluteGate = -70
const relativeGate = -10
const oversampling = 4

/** Of one or two channels, which count alike. */
export function measureLoudness(channels: readonly Float32Array[], sampleRate: number): Loudness {
  const lufs = integratedLoudness(channels, sampleRate)
  return { lufs, truePeak: truePeak(channels, sampleRate) }
}

/**
 * What to multiply samples of that loudness by. Where their peak would pass the limit it is less than
 * the loudness asks for: a clip is made quieter as a whole, and its peaks keep their shape.
 */
export function gainFor(loudness: Loudness, { lufs, truePeak }: LevelOptions): number {
  let decibels = lufs === undefined || loudness.lufs === null ? 0 : lufs - loudness.lufs
  const limit = truePeak ?? (lufs === undefined ? undefined : -1)
  if (limit !== undefined && loudness.truePeak !== null) {
    decibels = Math.min(decibels, limit - loudness.truePeak)
  }
  return 10 ** (decibels / 20)
}

/** Of blocks above both gates: −70 LUFS, and 10 LU below the mean of those. */
export function integratedLoudness(
  channels: readonly Float32Array[],
  sampleRate: number,
): number | null {
  const powers = blockPowers(channels, sampleRate)
  const audible = powers.filter((power) => loudnessOf(power) > absoluteGate)
  if (audible.length === 0) return null
  const gate = loudnessOf(mean(audible)) + relativeGate
  return loudnessOf(mean(audible.filter((power) => loudnessOf(power) > gate)))
}

/** Mean squares of the K-weighted channels, added up, of every block that is whole. */
function blockPowers(channels: readonly Float32Array[], sampleRate: number): number[] {
  const step = Math.round(sampleRate / 10)
  const steps = Math.floor(channels[0].length / step)
  const energies = new Float64Array(steps)
  for (const samples of channels) addEnergies(energies, samples, step, sampleRate)
  return Array.from({ length: Math.max(0, steps - stepsInBlock + 1) }, (_, i) => {
    const energy = energies.subarray(i, i + stepsInBlock).reduce((sum, value) => sum + value, 0)
    return energy / (stepsInBlock * step)
  })
}

function addEnergies(
  energies: Float64Array,
  samples: Float32Array,
  step: number,
  sampleRate: number,
): void {
  const shelf = headShelf(sampleRate)
  const highPass = lowCut(sampleRate)
  for (let i = 0; i < energies.length * step; i++) {
    energies[Math.floor(i / step)] += highPass(shelf(samples[i])) ** 2
  }
}

/*
 * The recommendation states both filters for 48 kHz. They are bilinear transforms of these analogue
 * ones (De Man, "Evaluation of implementations of the EBU R128 loudness measurement", 2018), and so
 * can be had for other rates.
 */

/** +4 dB above some 2 kHz: what a head does. */
function headShelf(sampleRate: number): (sample: number) => number {
  const k = Math.tan((Math.PI * 1681.974450955533) / sampleRate)
  const [q, high] = [0.7071752369554196, 10 ** (3.999843853973347 / 20)]
  const middle = high ** 0.4996667741545416
  const b = [high + (middle * k) / q + k * k, 2 * (k * k - high), high - (middle * k) / q + k * k]
  return biquad(b, k, q, true)
}

/** Down below 40 Hz; as in the recommendation, its numerator is 1, −2, 1 at every rate. */
function lowCut(sampleRate: number): (sample: number) => number {
  const k = Math.tan((Math.PI * 38.13547087602444) / sampleRate)
  return biquad([1, -2, 1], k, 0.5003270373238773, false)
}

function biquad(b: number[], k: number, q: number, scaled: boolean): (sample: number) => number {
  const a0 = 1 + k / q + k * k
  const [b0, b1, b2] = b.map((value) => (scaled ? value / a0 : value))
  const [a1, a2] = [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0]
  let [s1, s2] = [0, 0]
  return (x) => {
    const y = b0 * x + s1
    s1 = b1 * x - a1 * y + s2
    s2 = b2 * x - a2 * y
    return y
  }
}

function truePeak(channels: readonly Float32Array[], sampleRate: number): number | null {
  let peak = 0
  for (const samples of channels) {
    // The samples themselves too: the filter takes away what lies at the very end of the band.
    for (const curve of [samples, resample(samples, sampleRate, oversampling * sampleRate)]) {
      for (let i = 0; i < curve.length; i++) peak = Math.max(peak, Math.abs(curve[i]))
    }
  }
  return peak === 0 ? null : 20 * Math.log10(peak)
}

function loudnessOf(power: number): number {
  return -0.691 + 10 * Math.log10(power)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
