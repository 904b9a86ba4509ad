/** Two channels from a clip and another take of it: left is their sum, right their difference. */

/** Below it there is bass, which stays in the middle. */
const lowest = 200
/** Of the side, in proportion to the middle above that frequency. */
const sideAmplitude = 0.5
/** Of the take, in proportion: what is less is but rounding. */
const least = 1e-4

export interface TwoChannels {
  channels: [left: Float32Array, right: Float32Array]
  /** The mean of the channels is `middle`, times this: below 1 where full scale would be passed. */
  gain: number
}

/**
 * The side is what of the `take` lies above the bass and is orthogonal to the middle, so that both
 * channels are equally loud; at half the amplitude of the middle, their correlation is 0.6 there.
 * `round`: the end goes over into the beginning.
 */
export function twoChannels(
  middle: Float32Array,
  take: Float32Array,
  { sampleRate, round }: { sampleRate: number; round: boolean },
): TwoChannels {
  const edge = Math.tan((Math.PI * lowest) / sampleRate)
  const side = sideOf(middle, take, (1 - edge) / (1 + edge), round)
  let peak = 1
  for (let i = 0; i < middle.length; i++) {
    peak = Math.max(peak, Math.abs(middle[i]) + Math.abs(side[i]))
  }
  const gain = 1 / peak
  return {
    channels: [
      middle.map((value, i) => gain * (value + side[i])),
      middle.map((value, i) => gain * (value - side[i])),
    ],
    gain,
  }
}

function sideOf(
  middle: Float32Array,
  take: Float32Array,
  pole: number,
  round: boolean,
): Float64Array {
  const high = highPass(middle, pole, round)
  const rest = highPass(take, pole, round)
  const [energy, whole] = [dot(high, high), dot(rest, rest)]
  if (energy === 0) return new Float64Array(middle.length)
  // Filtered backwards as well, it is orthogonal to the whole middle: the filter and its reverse are
  // adjoint. And its phase is that of the take.
  const common = dot(rest, high) / energy
  for (let i = 0; i < rest.length; i++) rest[i] -= common * high[i]
  if (dot(rest, rest) <= least ** 2 * whole) return new Float64Array(middle.length)
  const side = backwards(rest, pole, round)
  const wanted = backwards(high, pole, round)
  const scale = sideAmplitude * Math.sqrt(dot(wanted, wanted) / dot(side, side))
  return side.map((value) => scale * value)
}

function backwards(samples: Float64Array, pole: number, round: boolean): Float64Array {
  return highPass(samples.slice().reverse(), pole, round).reverse()
}

/** 6 dB an octave: the bilinear transform of one pole. */
function highPass(samples: ArrayLike<number>, pole: number, round: boolean): Float64Array {
  const high = new Float64Array(samples.length)
  const gain = (1 + pole) / 2
  let [before, last] = [0, 0]
  // The second time around it has heard what is before the beginning.
  for (let turn = 0; turn < (round ? 2 : 1); turn++) {
    for (let i = 0; i < samples.length; i++) {
      last = gain * (samples[i] - before) + pole * last
      before = samples[i]
      high[i] = last
    }
  }
  return high
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
