import type { Metric } from './metric.js'

const steps = 25
const minSize = 500
const seed = 2020

/**
 * FAD extrapolated to infinitely many frames: at 25 sizes from 500 to all, frames drawn with
 * replacement; the intercept of FAD against 1/size. A. Gui, H. Gamper, S. Braun, D. Emmanouilidou,
 * "Adapting Fréchet Audio Distance for generative music evaluation" (2024), after M. J. Chong,
 * D. Forsyth, "Effectively unbiased FID and Inception Score and where to find them" (2020).
 */
export const fadInfinity: Metric = {
  name: 'fad-infinity',
  better: 'lower',
  generated: { source: 'frames', form: 'rows' },
  reference: { source: 'frames', form: 'statistics' },
  // The largest size must lie above the smallest for a line to be drawn.
  minRows: minSize + 1,
  minReferenceRows: 2,
  settings: { steps, minSize, seed, ddof: 1 },
  compute: async (context) => {
    const rows = context.rows('generated', 'frames').tensor(context.calculator)
    const reference = context.statistics('reference', 'frames')
    const [value, slope, r2] = await context.calculator.numbers(
      'frechet_infinity',
      [rows, reference.mean, reference.factor],
      { count_reference: reference.count, steps, min_size: minSize, seed },
    )
    rows.dispose()
    return { values: { fadInfinity: { value, slope, r2 } } }
  },
}
