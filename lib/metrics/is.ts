import type { Metric } from './metric.js'

const splits = 10
const seed = 2020

/**
 * Inception score of the generated clips alone: exp of the mean KL(p(y|x) ‖ p(y)) over ten parts of
 * the shuffled set; mean and standard deviation (ddof 0) over the parts. T. Salimans et al.,
 * "Improved techniques for training GANs" (2016), with the shuffle of audioldm_eval.
 */
export const inceptionScore: Metric = {
  name: 'is',
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
    logits.dispose()
    // A part of one clip is 1, whatever the clip.
    const alike = rows.count === splits
    return { values: { is: { mean, std: alike ? Number.NaN : std } } }
  },
}
