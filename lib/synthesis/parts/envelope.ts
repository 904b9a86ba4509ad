/** Levels over time, in seconds. */
import type { Random } from './random.js'

/** Rises in `attack`, stays at 1, and falls to 0 in the last `release` of `seconds`. */
export function held(seconds: number, attack: number, release: number): (t: number) => number {
  return (t) => {
    if (t <= 0 || t >= seconds) return 0
    return smooth(Math.min(1, t / attack)) * smooth(Math.min(1, (seconds - t) / release))
  }
}

/** From 1 down by 60 dB in `seconds`, after a rise in `attack`. */
export function decaying(seconds: number, attack = 0.001): (t: number) => number {
  return (t) => Math.min(1, t / attack) * 10 ** ((-3 * t) / seconds)
}

/** 0 to 1 without corners. */
export function smooth(x: number): number {
  return x * x * (3 - 2 * x)
}

/** A curve that wanders between −1 and 1 without corners, with `rate` turns a second. */
export function wander(rate: number, seconds: number, random: Random): (t: number) => number {
  const points = Float32Array.from({ length: Math.ceil(rate * seconds) + 3 }, () =>
    random.between(-1, 1),
  )
  return (t) => {
    const at = Math.min(Math.max(0, t * rate), points.length - 2)
    const i = Math.floor(at)
    return points[i] + (points[i + 1] - points[i]) * smooth(at - i)
  }
}
