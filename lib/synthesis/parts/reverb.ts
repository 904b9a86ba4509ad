/** A small room or a large one: eight delays that feed each other. */
import { sampleRate } from './rate.js'

export interface Room {
  /** Seconds in which the echo falls by 60 dB. */
  decay: number
  /** Length of the shortest delay in seconds: the size of the room. */
  size: number
  /** Corner in Hz above which walls swallow. */
  damping: number
}

const ratios = [1, 1.17, 1.31, 1.49, 1.63, 1.87, 2.11, 2.39]

/** The echo alone, without the sound itself. */
export function reverb(samples: Float32Array, { decay, size, damping }: Room): Float32Array {
  const out = new Float32Array(samples.length)
  const lines = ratios.map((ratio) => new Float32Array(Math.round(ratio * size * sampleRate)))
  const keep = lines.map((line) => 10 ** ((-3 * line.length) / (decay * sampleRate)))
  const at = new Int32Array(lines.length)
  const soft = new Float64Array(lines.length)
  const pass = 1 - Math.exp((-2 * Math.PI * damping) / sampleRate)
  const count = lines.length
  for (let i = 0; i < samples.length; i++) {
    let sum = 0
    for (let k = 0; k < count; k++) {
      soft[k] += pass * (keep[k] * lines[k][at[k]] - soft[k])
      sum += soft[k]
    }
    out[i] = sum / count
    // A Householder matrix: it mixes the lines and loses nothing.
    const back = (2 / count) * sum
    for (let k = 0; k < count; k++) {
      const line = lines[k]
      line[at[k]] = samples[i] + soft[k] - back
      if (++at[k] === line.length) at[k] = 0
    }
  }
  return out
}
