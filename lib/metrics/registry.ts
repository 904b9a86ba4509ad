import { clap } from './clap.js'
import { fad } from './fad.js'
import { fadInfinity } from './fad-infinity.js'
import { fd } from './fd.js'
import { inceptionScore } from './is.js'
import { kad } from './kad.js'
import { kid } from './kid.js'
import { kl } from './kl.js'
import { lsd } from './lsd.js'
import type { Metric, MetricName } from './metric.js'
import { psnr } from './psnr.js'
import { ssim } from './ssim.js'

/** In the order in which they are computed and shown. */
const metrics: readonly Metric[] = [
  ...[fd, fad, inceptionScore, kl, kad, kid, fadInfinity],
  ...[lsd, psnr, ssim, clap],
]

/** Computed where nothing is asked for by name. */
export const defaultMetrics: readonly MetricName[] = ['fd', 'fad', 'is', 'kl']

/** The metrics of these names, each once. */
export function selectMetrics(names: readonly MetricName[]): Metric[] {
  return metrics.filter((metric) => names.includes(metric.name))
}
