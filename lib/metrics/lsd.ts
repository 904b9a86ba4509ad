import type { Metric } from './metric.js'
import { spectralMetric } from './spectral.js'

/** Log-spectral distance of the waveforms of a pair, as ssr_eval computes it for audioldm_eval. */
export const lsd: Metric = spectralMetric('lsd')
