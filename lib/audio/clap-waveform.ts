/** The waveform that CLAP's audio tower takes. */

export const clapRate = 48_000
export const clapSeconds = 10
const clapSamples = clapRate * clapSeconds

/**
 * 10 seconds: of longer waveforms the first 10; shorter ones as often as they fit whole, then zeros
 * ("repeatpad" of CLAP's training).
 */
export function clapWaveform(waveform: Float32Array): Float32Array {
  if (waveform.length >= clapSamples) return waveform.subarray(0, clapSamples)
  const filled = new Float32Array(clapSamples)
  const last = clapSamples - waveform.length
  for (let at = 0; at <= last; at += waveform.length) filled.set(waveform, at)
  return filled
}
