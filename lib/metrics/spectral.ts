/** What the metrics on pairs of waveforms share. */
import { AudioError } from '../errors.js'
import type { SpectralPair } from './context.js'
import type { ClipScores, Metric } from './metric.js'
import { scatterOfMeans } from './resampling.js'

type Name = 'lsd' | 'psnr' | 'ssim'

interface Rules {
  /** Pairs that count where there are such. */
  counts?: (pair: SpectralPair) => boolean
  /** What else should be known of the number. */
  note?: (counted: SpectralPair[]) => string[]
}

/** The mean of one number over the pairs that have it. */
export function spectralMetric(
  name: Name,
  better: 'lower' | 'higher',
  { counts = () => true, note = () => [] }: Rules = {},
): Metric {
  return {
    name,
    better,
    paired: true,
    waveforms: true,
    compute: async (context) => {
      const pairs = await context.spectralPairs()
      const having = pairs.filter((pair) => !Number.isNaN(pair[name]))
      if (having.length === 0) throw new AudioError(`${name}: every pair is too short for it`)
      const counted = having.some(counts) ? having.filter(counts) : having
      const mean = counted.reduce((sum, pair) => sum + pair[name], 0) / counted.length
      const clips = having.map((pair): [number, ClipScores] => [
        pair.generated,
        { [name]: pair[name] },
      ])
      const warnings = [...explain(counted, pairs), ...note(counted)]
      const { calculator, resampling } = context
      const used = new Set(counted)
      const column = pairs.map((pair) => (used.has(pair) ? pair[name] : Number.NaN))
      const [scatter] = resampling ? await scatterOfMeans(calculator, [column], resampling) : []
      return {
        values: { [name]: mean },
        ...(scatter && { scatters: { [name]: scatter } }),
        clips: new Map(clips),
        warnings,
      }
    },
  }

  function explain(counted: SpectralPair[], pairs: SpectralPair[]): string[] {
    if (counted.length === pairs.length) return []
    const reason = 'the others are too short or equal'
    return [`${name} is the mean of ${counted.length} of ${pairs.length} pairs: ${reason}`]
  }
}

/** Of equal images PSNR is infinite, and the evaluator leaves the pair out. */
export function differs(pair: SpectralPair): boolean {
  return Number.isFinite(pair.psnr)
}
