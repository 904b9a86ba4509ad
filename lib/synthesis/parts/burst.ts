/** Short noises: clicks, taps, hisses. */
import { bandpass } from './filter.js'
import { shape } from './mix.js'
import { whiteNoise } from './noise.js'
import type { Random } from './random.js'
import { samplesOf } from './rate.js'

/** Noise around `hertz` that falls by 60 dB in `decay` seconds, with a peak near 1. */
export function burst(
  hertz: number,
  quality: number,
  decay: number,
  random: Random,
  attack = 0.0005,
): Float32Array {
  const noise = bandpass(whiteNoise(samplesOf(attack + decay), random), hertz, quality)
  const gain = 0.9 * Math.sqrt(quality * Math.max(1, 8000 / hertz))
  return shape(noise, (t) => gain * Math.min(1, t / attack) * 10 ** ((-3 * t) / decay))
}
