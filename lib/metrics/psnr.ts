import type { Metric } from './metric.js'
import { differs, spectralMetric } from './spectral.js'

/** Peak signal-to-noise ratio, dB, of the log-mel images of a pair. Equal images do not count. */
export const psnr: Metric = spectralMetric('psnr', 'higher', { counts: differs })
