import type { Metric } from './metric.js'
import { differs, spectralMetric } from './spectral.js'

/**
 * Structural similarity of the log-mel images of a pair: Z. Wang, A. C. Bovik, H. R. Sheikh,
 * E. P. Simoncelli, "Image quality assessment: from error visibility to structural similarity"
 * (2004). As in audioldm_eval, pairs of equal images do not count.
 */
export const ssim: Metric = spectralMetric('ssim', 'higher', { counts: differs })
