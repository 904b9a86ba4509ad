/** What corruptions of waveforms share. */

/** Root of the mean square. */
export function rms(samples: Float32Array): number {
  let sum = 0
  for (const value of samples) sum += value * value
  return Math.sqrt(sum / Math.max(1, samples.length))
}

/** The `length` samples with the most energy, the first of equal ones; zeros follow a shorter sound. */
export function loudestPart(samples: Float32Array, length: number): Float32Array {
  const part = new Float32Array(length)
  part.set(samples.subarray(0, length))
  let energy = part.reduce((sum, value) => sum + value * value, 0)
  let [most, start] = [energy, 0]
  for (let i = 1; i + length <= samples.length; i++) {
    energy += samples[i + length - 1] ** 2 - samples[i - 1] ** 2
    // Rounding of the running sum is no more energy.
    if (energy > most * (1 + 1e-9)) {
      most = energy
      start = i
    }
  }
  part.set(samples.subarray(start, start + length))
  return part
}
