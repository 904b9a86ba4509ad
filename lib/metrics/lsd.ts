import type { SpectralPair } from './context.js'
import type { Metric } from './metric.js'
import { spectralMetric } from './spectral.js'

/** Log-spectral distance of the waveforms of a pair, as ssr_eval computes it for audioldm_eval. */
export const lsd: Metric = spectralMetric('lsd', 'lower', { note: silenceNote })

/** The formula takes the logarithm of 0 / 0 there, which its ε makes one of 10⁻¹². */
function silenceNote(pairs: SpectralPair[]): string[] {
  const silent = pairs.filter((pair) => pair.silence && pair.lsd > 0)
  if (silent.length === 0) return []
  const some = `${silent.length} of ${pairs.length} pairs have some`
  return [`lsd counts digital silence as far apart even where it is the same: ${some}`]
}
