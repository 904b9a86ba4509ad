import type { Metric } from './metric.js'
import { spectralMetric } from './spectral.js'

/** Log-spectral distance of the waveforms of a pair, as audioldm_eval computes it. */
export const lsd: Metric = spectralMetric('lsd', (pairs) => pairs)
