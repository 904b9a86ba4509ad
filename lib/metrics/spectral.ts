/** What the metrics on pairs of waveforms share. */
import type { SpectralPair } from '../score/spectral-pairs.js'
import type { ClipScores, Metric } from './metric.js'

/** The mean of one number of the pairs that `counted` keeps, or of all when it keeps none. */
export function spectralMetric(
  name: 'lsd' | 'psnr' | 'ssim',
  counted: (pairs: SpectralPair[]) => SpectralPair[],
): Metric {
  return {
    name,
    paired: true,
    waveforms: true,
    compute: async (context) => {
      const pairs = await context.spectralPairs()
      const kept = counted(pairs)
      const values = (kept.length > 0 ? kept : pairs).map((pair) => pair[name])
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const clips = new Map(
        pairs.map((pair): [number, ClipScores] => [pair.generated, { [name]: pair[name] }]),
      )
      return { values: { [name]: mean }, clips }
    },
  }
}

/** Pairs whose images differ: those of equal ones have an infinite PSNR. */
export function differing(pairs: SpectralPair[]): SpectralPair[] {
  return pairs.filter((pair) => Number.isFinite(pair.psnr))
}
