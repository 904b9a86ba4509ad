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
    const logits = context.rows('generated', 'logits').tensor(context.calculator)
    const [mean, std] = await context.calculator.numbers('inception_score', [logits], {
      splits,
      seed,
    })
    logits.dispose()
    return { values: { is: { mean, std } } }
  },
}
