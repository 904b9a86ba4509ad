/** Puts generated stretches into a sound. */

/** Cross-fades lie outside the stretches, so that nothing of what was to go is heard. */
const fadeSeconds = 0.02

/**
 * `known` with `generated` in the ranges of seconds. Beyond 20 ms on either side of them samples
 * are those of `known`, bit by bit; in between, one fades linearly into the other.
 */
export function pasteRanges(
  known: Float32Array,
  generated: Float32Array,
  ranges: [number, number][],
  sampleRate: number,
): Float32Array {
  const fade = Math.round(fadeSeconds * sampleRate)
  const share = new Float32Array(known.length)
  for (const [from, to] of ranges) {
    const first = Math.round(from * sampleRate)
    const last = Math.round(to * sampleRate)
    for (let i = Math.max(0, first - fade); i < Math.min(known.length, last + fade); i++) {
      const outside = i < first ? first - i : i >= last ? i - last + 1 : 0
      share[i] = Math.max(share[i], 1 - outside / (fade + 1))
    }
  }
  return known.map((value, i) =>
    share[i] === 0 ? value : value + share[i] * (generated[i] - value),
  )
}
