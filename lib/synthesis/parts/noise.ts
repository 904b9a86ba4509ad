/** Noise in three colours, each with a root mean square near 0.5. */
import type { Random } from './random.js'

/** Flat. */
export function whiteNoise(length: number, random: Random): Float32Array {
  const noise = new Float32Array(length)
  for (let i = 0; i < length; i++) noise[i] = 1.7 * (random.next() - 0.5)
  return noise
}

/** Falls by 3 dB an octave: Paul Kellet's filter. */
export function pinkNoise(length: number, random: Random): Float32Array {
  const noise = new Float32Array(length)
  let [a, b, c] = [0, 0, 0]
  for (let i = 0; i < length; i++) {
    const white = random.next() - 0.5
    a = 0.99765 * a + white * 0.099046
    b = 0.963 * b + white * 0.2965164
    c = 0.57 * c + white * 1.0526913
    noise[i] = 0.9 * (a + b + c + white * 0.1848)
  }
  return noise
}

/** Falls by 6 dB an octave above 20 Hz. */
export function brownNoise(length: number, random: Random): Float32Array {
  const noise = new Float32Array(length)
  let level = 0
  for (let i = 0; i < length; i++) {
    level = 0.99715 * level + 0.13 * (random.next() - 0.5)
    noise[i] = level
  }
  return noise
}
