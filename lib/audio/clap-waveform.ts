/** The waveform that CLAP's audio tower takes. */

export const clapRate = 48_000
export const clapSeconds = 10
export const clapSamples = clapRate * clapSeconds

/** 10 seconds, as `repeatPad` makes them. */
export function clapWaveform(waveform: Float32Array): Float32Array {
  return repeatPad(waveform, clapSamples)
}

/**
 * Exactly so many samples: of longer waveforms the first; shorter ones as often as they fit whole,
 * then zeros ("repeatpad" of CLAP's training).
 */
export function repeatPad(waveform: Float32Array, samples: number): Float32Array {
  if (waveform.length >= samples) return waveform.subarray(0, samples)
  const filled = new Float32Array(samples)
  const last = samples - waveform.length
  for (let at = 0; at <= last; at += waveform.length) filled.set(waveform, at)
  return filled
}
