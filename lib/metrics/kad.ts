import type { ClipScores, Metric } from './metric.js'
import { drawsOf, rowsOfClips, scatterOfDiscrepancy } from './resampling.js'
import type { Rows } from './rows.js'

const scale = 100
const epsilon = 1e-8

/**
 * Kernel audio distance: 100 times the unbiased squared MMD with a Gaussian kernel as wide as the
 * median distance between clips of the reference. Y. Chung, P. Eu, J. Lee, K. Choi, J. Nam,
 * B. S. Chon, "KAD: No More FAD! An Effective and Efficient Evaluation Metric for Audio Generation"
 * (2025). It may be negative.
 */
export const kad: Metric = {
  name: 'kad',
  better: 'lower',
  generated: { source: 'embedding', form: 'rows' },
  reference: { source: 'embedding', form: 'rows' },
  minRows: 2,
  settings: { scale, epsilon },
  compute: async ({ name, calculator, rows, resampling, perClip }) => {
    const sides = [rows('generated', 'embedding'), rows('reference', 'embedding')]
    const inputs = sides.map((side) => side.tensor(calculator))
    if (resampling) inputs.push(...sides.map((side) => rowsOfClips(calculator, side)))
    const draws = resampling ? drawsOf(resampling) : { replicates: 0 }
    const parameters = { scale, epsilon, ...draws }
    const results = await calculator.run('kernel_audio_distance', inputs, parameters)
    const [[value, bandwidth], byRow, parts] = results.map(
      (result) => result.data() as Float64Array,
    )
    for (const each of [...inputs, ...results]) each.dispose()
    const clips = Math.min(...sides.map((side) => side.countsOfClips().length))
    return {
      values: { kad: value },
      ...(perClip && { clips: ofEachClip(sides[0], byRow) }),
      ...(parts && { scatters: { kad: scatterOfDiscrepancy(value, clips, parts) } }),
      warnings: bandwidth === 0 ? [`${name} ${narrow}`] : [],
    }
  },
}

/** What each makes of the value, the mean over its rows; the mean over all rows is the value. */
function ofEachClip(rows: Rows, byRow: Float64Array): Map<number, ClipScores> {
  const scores = new Map<number, ClipScores>()
  let first = 0
  const counts = rows.countsOfClips()
  for (const [i, clip] of [...rows.clips()].entries()) {
    const own = byRow.subarray(first, first + counts[i])
    scores.set(clip, { kad: own.reduce((sum, each) => sum + each, 0) / own.length })
    first += counts[i]
  }
  return scores
}

const narrow =
  'tells equal clips from others and nothing more: most pairs of references have equal embeddings'
