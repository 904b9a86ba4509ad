/** Another sample rate for what is written or measured; networks have the core's resampler. */

const zeroCrossings = 64
/** Of the lower Nyquist frequency: where the filter has fallen by 6 dB. */
const rolloff = 0.97
/** Of the Kaiser window: what is to be gone falls by 100 dB. */
const beta = 10

/**
 * A polyphase windowed sinc: flat to 0.92 of the lower Nyquist frequency and −100 dB from 1.02 of it.
 * ceil(n · to / from) samples come out, the first at the time of the first; beyond its ends the
 * sound is silent. Rates are whole numbers.
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples
  const divisor = commonDivisor(from, to)
  const [up, down] = [to / divisor, from / divisor]
  const { filters, reach } = filtersFor(up, down)
  const result = new Float32Array(Math.ceil((samples.length * up) / down))
  for (let k = 0, position = 0, phase = 0; k < result.length; k++) {
    const filter = filters[phase]
    const start = position - reach + 1
    const end = Math.min(filter.length, samples.length - start)
    let sum = 0
    for (let j = Math.max(0, -start); j < end; j++) sum += filter[j] * samples[start + j]
    result[k] = sum
    phase += down
    position += Math.floor(phase / up)
    phase %= up
  }
  return result
}

/** One filter for each place that an output can have between two inputs. */
function filtersFor(up: number, down: number): { filters: Float64Array[]; reach: number } {
  const cutoff = rolloff * Math.min(1, up / down)
  const reach = Math.ceil(zeroCrossings / cutoff)
  const filters = Array.from({ length: up }, (_, phase) => {
    const filter = Float64Array.from({ length: 2 * reach }, (_, j) => {
      const t = j - reach + 1 - phase / up
      return sinc(cutoff * t) * kaiser(t / reach)
    })
    // A constant stays what it is.
    const sum = filter.reduce((total, value) => total + value, 0)
    return filter.map((value) => value / sum)
  })
  return { filters, reach }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta)
}

/** The modified Bessel function I₀, by its series. */
function bessel(x: number): number {
  let sum = 1
  for (let k = 1, term = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
