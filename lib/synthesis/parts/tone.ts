/** Tones whose pitch and level move: a sine, or a wave of harmonics from a table. */
import { sampleRate, samplesOf } from './rate.js'

const tableSize = 2048
const controlSamples = 32

/** One turn of a wave of sines with these amplitudes, the first at the fundamental; peak 1. */
export function waveTable(harmonics: readonly number[]): Float32Array {
  const table = new Float32Array(tableSize + 1)
  harmonics.forEach((amplitude, k) => {
    if (amplitude === 0) return
    const angle = (2 * Math.PI * (k + 1)) / tableSize
    for (let i = 0; i <= tableSize; i++) table[i] += amplitude * Math.sin(angle * i)
  })
  let peak = 0
  for (const value of table) peak = Math.max(peak, Math.abs(value))
  return table.map((value) => value / peak)
}

export const sine = waveTable([1])

/** Amplitudes 1/k^slope of as many harmonics as fit below 9 kHz at `hertz`, 60 at most. */
export function harmonicsBelow(hertz: number, slope: number): number[] {
  const count = Math.max(1, Math.min(60, Math.floor(9000 / hertz)))
  return Array.from({ length: count }, (_, k) => (k + 1) ** -slope)
}

/**
 * Adds a tone from `start` on for `seconds`. `hertz` and `level` are numbers, or curves over the
 * time since its start that are asked every 32 samples.
 */
export function addTone(
  out: Float32Array,
  start: number,
  seconds: number,
  hertz: number | ((t: number) => number),
  level: number | ((t: number) => number),
  table: Float32Array = sine,
  phase = 0,
): Float32Array {
  const hertzAt = typeof hertz === 'number' ? () => hertz : hertz
  const levelAt = typeof level === 'number' ? () => level : level
  const from = Math.max(0, Math.round(start * sampleRate))
  const end = Math.min(out.length, from + samplesOf(seconds))
  let turn = (((phase % 1) + 1) % 1) * tableSize
  let [step, gain] = [(hertzAt(0) * tableSize) / sampleRate, levelAt(0)]
  for (let at = from; at < end; at += controlSamples) {
    const t = (at - from + controlSamples) / sampleRate
    const nextStep = (hertzAt(t) * tableSize) / sampleRate
    const nextGain = levelAt(t)
    const stepSlope = (nextStep - step) / controlSamples
    const gainSlope = (nextGain - gain) / controlSamples
    const stop = Math.min(at + controlSamples, end)
    for (let i = at; i < stop; i++) {
      const whole = turn | 0
      const value = table[whole]
      out[i] += gain * (value + (table[whole + 1] - value) * (turn - whole))
      turn += step
      if (turn >= tableSize) turn -= tableSize
      step += stepSlope
      gain += gainSlope
    }
    step = nextStep
    gain = nextGain
  }
  return out
}
