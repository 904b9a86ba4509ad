/** What is struck: a bank of decaying sines. */
import { sampleRate, samplesOf } from './rate.js'

export interface Mode {
  hertz: number
  gain: number
  /** Seconds in which it falls by 60 dB. */
  decay: number
}

/** Adds the modes from `seconds` on, until each has fallen by 80 dB. */
export function addModes(
  out: Float32Array,
  modes: readonly Mode[],
  seconds: number,
  gain = 1,
): Float32Array {
  for (const mode of modes) addMode(out, mode, seconds, gain)
  return out
}

/** A sine that decays, by a recursion of two multiplications; it begins with a softened edge. */
function addMode(
  out: Float32Array,
  { hertz, gain, decay }: Mode,
  seconds: number,
  all: number,
): void {
  if (hertz >= 0.45 * sampleRate || hertz <= 0) return
  const start = Math.max(0, Math.round(seconds * sampleRate))
  const end = Math.min(out.length, start + samplesOf(1.33 * decay))
  const radius = 10 ** (-3 / (decay * sampleRate))
  const angle = (2 * Math.PI * hertz) / sampleRate
  const first = 2 * radius * Math.cos(angle)
  const second = -radius * radius
  let [older, last] = [0, all * gain * Math.sin(angle)]
  for (let i = start; i < end; i++) {
    out[i] += last
    const next = first * last + second * older
    older = last
    last = next
  }
}
