/** Plucked strings by Karplus and Strong: noise that runs round a delay and loses its edge. */
import type { Random } from './random.js'
import { sampleRate, samplesOf } from './rate.js'

/**
 * A string at `hertz` that falls by 60 dB in `decay` seconds. `brightness` in (0, 1]: of the pluck
 * and of what remains.
 */
export function pluck(
  hertz: number,
  decay: number,
  brightness: number,
  random: Random,
): Float32Array {
  const out = new Float32Array(samplesOf(Math.min(1.2 * decay, 5)))
  const period = sampleRate / hertz - 0.5
  const length = Math.floor(period)
  // An allpass makes up for the part of a sample that a delay in whole samples lacks.
  const fraction = period - length
  const allpass = (1 - fraction) / (1 + fraction)
  const string = new Float32Array(length)
  let soft = 0
  for (let i = 0; i < length; i++) {
    soft += brightness * (2 * random.next() - 1 - soft)
    string[i] = soft
  }
  // Plucked at a point of the string, whose harmonics are missing.
  const point = Math.max(1, Math.floor(length * random.between(0.1, 0.25)))
  const excitation = string.map((value, i) => value - string[(i + length - point) % length])
  string.set(excitation)
  const keep = 10 ** (-3 / (decay * hertz))
  const damp = 0.5 + 0.45 * (brightness - 0.5)
  let [last, input, output] = [0, 0, 0]
  for (let i = 0, at = 0; i < out.length; i++) {
    const value = string[at]
    out[i] = value
    const averaged = keep * (damp * value + (1 - damp) * last)
    last = value
    output = allpass * averaged + input - allpass * output
    input = averaged
    string[at] = output
    if (++at === length) at = 0
  }
  return out
}
