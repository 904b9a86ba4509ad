import type { Metric } from './metric.js'
import type { Scatter } from './resampling.js'

const splits = 10
const seed = 2020

/**
 * Inception score of the generated clips alone: exp of the mean KL(p(y|x) ‖ p(y)) over ten parts of
 * the shuffled set; mean and standard deviation (ddof 0) over the parts. T. Salimans et al.,
 * "Improved techniques for training GANs" (2016), with the shuffle of audioldm_eval.
 */
export const inceptionScore: Metric = {
  name: 'is',
  better: 'higher',
  generated: { source: 'logits', form: 'rows' },
  minRows: splits,
  settings: { splits, seed },
  compute: async (context) => {
    const rows = context.rows('generated', 'logits')
    const logits = rows.tensor(context.calculator)
    const [mean, std] = await context.calculator.numbers('inception_score', [logits], {
      splits,
      seed,
    })
    const { resampling } = context
    let scatter: Scatter | undefined
    if (resampling) {
      const replicates = await context.calculator.numbers('inception_bootstrap', [logits], {
        splits,
        replicates: resampling.replicates,
        seed: resampling.seeds.generated,
      })
      // Samples of clips that are there are lower: they have fewer different ones.
      const centre = replicates.reduce((sum, each) => sum + each, 0) / replicates.length
      const deviations = replicates.map((each) => each - centre)
      scatter = { method: 'bootstrap', value: mean, clips: rows.count, deviations }
    }
    logits.dispose()
    // A part of one clip is 1, whatever the clip.
    const alike = rows.count === splits
    return {
      values: { is: { mean, std: alike ? Number.NaN : std } },
      ...(scatter && { scatters: { is: scatter } }),
    }
  },
}
