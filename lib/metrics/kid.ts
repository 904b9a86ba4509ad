import type { Calculator } from '../native/calculator.js'
import type { Metric } from './metric.js'
import {
  drawsOf,
  type Resampling,
  rowsOfClips,
  type Scatter,
  scatterOfDiscrepancy,
} from './resampling.js'
import type { Rows } from './rows.js'

const subsets = 100
const subsetSize = 1000
const seed = 2020

/**
 * Kernel distance: the unbiased squared MMD with the kernel (xᵀy/d + 1)³, mean and standard deviation
 * over 100 subsets of at most 1000 rows; none where each subset is the whole set. M. Bińkowski, D. J. Sutherland, M. Arbel, A. Gretton,
 * "Demystifying MMD GANs" (2018), with the subsets of audioldm_eval. It may be negative.
 */
export const kid: Metric = {
  name: 'kid',
  better: 'lower',
  generated: { source: 'embedding', form: 'rows' },
  reference: { source: 'embedding', form: 'rows' },
  minRows: 2,
  settings: { subsets, subsetSize, seed, degree: 3, coef0: 1 },
  compute: async ({ calculator, rows, resampling }) => {
    const sides = [rows('generated', 'embedding'), rows('reference', 'embedding')]
    const [generated, reference] = sides.map((side) => side.tensor(calculator))
    const [mean, std] = await calculator.numbers('kernel_distance', [generated, reference], {
      subsets,
      subset_size: subsetSize,
      seed,
    })
    generated.dispose()
    reference.dispose()
    const scatter = resampling && (await scatterOf(calculator, sides, resampling))
    const [a, b] = sides.map(({ count }) => count)
    const whole = a === b && a <= subsetSize
    return {
      values: { kid: { mean, std: whole ? Number.NaN : std } },
      ...(scatter && { scatters: { kid: scatter } }),
    }
  },
}

/** Of the distance of all rows: subsets scatter around it, and that is not the scatter of the clips. */
async function scatterOf(
  calculator: Calculator,
  sides: Rows[],
  resampling: Resampling,
): Promise<Scatter> {
  const inputs = [
    ...sides.map((side) => side.tensor(calculator)),
    ...sides.map((side) => rowsOfClips(calculator, side)),
  ]
  const results = await calculator.run('kernel_bootstrap', inputs, drawsOf(resampling))
  const [[value], parts] = results.map((result) => result.data() as Float64Array)
  for (const each of [...inputs, ...results]) each.dispose()
  const clips = Math.min(...sides.map((side) => side.countsOfClips().length))
  return scatterOfDiscrepancy(value, clips, parts)
}
