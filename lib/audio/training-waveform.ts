/** The waveform that AudioLDM's autoencoder was trained on. */

export interface TrainingWaveform {
  /** Zero mean, peak 0.5; zeros where the sound is silent. */
  samples: Float32Array
  /** What these samples were multiplied with: dividing by it gives the sound's own level back. */
  gain: number
}

const peakWanted = 0.5

/**
 * Mean removed and peak at 0.5, as the training repository normalises. Silence stays zeros, where
 * the original divides by its peak.
 */
export function trainingWaveform(waveform: Float32Array): TrainingWaveform {
  let sum = 0
  for (const value of waveform) sum += value
  const mean = sum / waveform.length
  let peak = 0
  for (const value of waveform) peak = Math.max(peak, Math.abs(value - mean))
  const gain = peak === 0 ? 1 : peakWanted / (peak + 1e-8)
  return { samples: waveform.map((value) => (value - mean) * gain), gain }
}

/** Cut, or filled up with zeros, to `length`. */
export function fitLength(waveform: Float32Array, length: number): Float32Array {
  if (waveform.length >= length) return waveform.subarray(0, length)
  const filled = new Float32Array(length)
  filled.set(waveform)
  return filled
}
