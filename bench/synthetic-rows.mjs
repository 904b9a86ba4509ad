// Made-up sets of rows, of which the truth is known or the same in every draw, for bench/intervals.mjs.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Rows } = require('../dist/metrics/rows.js')

/** A generator of uniform numbers (SplitMix32), with normal ones beside. */
export function random(seed) {
  // Any other multiplier than the step below, by which neighbours would be one stream.
  let state = Math.imul(seed + 1, 0x85ebca6b) >>> 0
  const uniform = () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}

/** One table of `count` clips; `fill(row, clip)` sets the numbers of each of their rows. */
export function rowsOf(count, dimension, frames, fill) {
  const rows = new Rows(dimension)
  for (let clip = 0; clip < count; clip++) {
    const data = new Float32Array(frames * dimension)
    for (let i = 0; i < frames; i++) fill(data.subarray(i * dimension, (i + 1) * dimension), clip)
    rows.append(clip, data)
  }
  return rows
}

/** Independent columns; of several rows a clip, half of the variance is the clip's. */
export function gaussianRows({ normal }, count, scales, { shift, frames = 1 } = {}) {
  let of = -1
  let centre = []
  return rowsOf(count, scales.length, frames, (row, clip) => {
    if (clip !== of) centre = frames > 1 ? scales.map(normal) : []
    of = clip
    for (let i = 0; i < row.length; i++) {
      const deviate = frames > 1 ? (centre[i] + normal()) / Math.SQRT2 : normal()
      row[i] = scales[i] * deviate + (shift?.[i] ?? 0)
    }
  })
}

/** Logits of references of several kinds, and of clips that are a little beside them. */
export function logitPairs({ normal, uniform }, count, classes) {
  const reference = rowsOf(count, classes, 1, (row) => {
    for (let i = 0; i < classes; i++) row[i] = normal()
    row[Math.floor(uniform() * classes)] += 4
  })
  const generated = rowsOf(count, classes, 1, (row, clip) => {
    const beside = reference.of(clip)
    for (let i = 0; i < classes; i++) row[i] = beside[i] + normal()
  })
  const pairs = Array.from({ length: count }, (_, i) => ({ generated: i, reference: i }))
  return { generated, reference, pairs }
}

/** Rows that lie around those of their prompts. */
export function similarities({ normal }, count, dimension) {
  const prompts = new Map()
  const generated = rowsOf(count, dimension, 1, (row, clip) => {
    const prompt = Float64Array.from({ length: dimension }, normal)
    const norm = Math.hypot(...prompt)
    prompts.set(
      clip,
      prompt.map((value) => value / norm),
    )
    for (let i = 0; i < dimension; i++) row[i] = prompt[i] + normal()
  })
  return { generated, prompts }
}

/** Scores of pairs, skewed as such scores are; of some pairs there are none. */
export function skewedPairs({ normal, uniform }, count) {
  const spectra = Array.from({ length: count }, (_, i) => ({
    generated: i,
    reference: i,
    lsd: uniform() < 0.05 ? Number.NaN : 1.5 * Math.exp(0.5 * normal()),
    psnr: uniform() < 0.1 ? Number.POSITIVE_INFINITY : 20 + 5 * normal(),
    ssim: 1 - Math.min(1.5, 0.4 * Math.exp(0.6 * normal())),
    silence: false,
  }))
  return { spectra }
}

/** The discrepancies of N(shift, I) and N(0, I) in d dimensions. */
export const kernelTruth = {
  /** exp(−‖x−y‖²/2σ²) has closed means; σ² is the median of ‖y−y′‖², which is 2χ²(d). */
  kad(d, shift) {
    const square = 2 * chiSquareMedian(d)
    const near = (square / (square + 2)) ** (d / 2)
    return 200 * near * (1 - Math.exp((-d * shift ** 2) / (2 * (square + 2))))
  },
  /**
   * Of u = x·y/d + 1, E u³ = m³ + 3mv + s with mean m, variance v and third moment s of x·y/d: the
   * products of two columns are independent, and of normal columns with means a and b they have
   * variance a² + b² + 1 and third moment 6ab.
   */
  kid(d, shift) {
    const cube = (a, b) => {
      const [mean, variance, third] = [a * b + 1, (a * a + b * b + 1) / d, (6 * a * b) / d ** 2]
      return mean ** 3 + 3 * mean * variance + third
    }
    return cube(shift, shift) + cube(0, 0) - 2 * cube(shift, 0)
  },
}

/** Of an even d, where the distribution is a finite sum; bisected. */
function chiSquareMedian(d) {
  let [low, high] = [0, 2 * d]
  for (let i = 0; i < 100; i++) {
    const x = (low + high) / 2
    let term = Math.exp(-x / 2)
    let above = term
    for (let k = 1; k < d / 2; k++) {
      term *= x / 2 / k
      above += term
    }
    if (above > 0.5) low = x
    else high = x
  }
  return (low + high) / 2
}
