import type { ClipScores, Metric } from './metric.js'
import { scatterOfMeans } from './resampling.js'

const epsilon = 1e-6

/**
 * KL(reference ‖ generated) of CNN14's class probabilities, pair by pair, as audioldm_eval defines
 * it: softmax over the classes, and the sum over classes of p·log(p/q) of their sigmoids, which is no
 * true divergence. Both may be slightly negative, for `epsilon` is added inside one logarithm only.
 */
export const kl: Metric = {
  name: 'kl',
  better: 'lower',
  generated: { source: 'logits', form: 'rows' },
  reference: { source: 'logits', form: 'rows' },
  paired: true,
  minRows: 1,
  settings: { epsilon },
  compute: async ({ calculator, pairs, rows, resampling }) => {
    const generated = rows('generated', 'logits').tensor(
      calculator,
      pairs.map((pair) => pair.generated),
    )
    const reference = rows('reference', 'logits').tensor(
      calculator,
      pairs.map((pair) => pair.reference),
    )
    const values = await calculator.numbers('kl_divergence', [generated, reference], { epsilon })
    generated.dispose()
    reference.dispose()
    const clips = new Map<number, ClipScores>()
    let softmax = 0
    let sigmoid = 0
    pairs.forEach((pair, i) => {
      const [ofSoftmax, ofSigmoid] = values.subarray(2 * i)
      softmax += ofSoftmax / pairs.length
      sigmoid += ofSigmoid / pairs.length
      clips.set(pair.generated, { klSoftmax: ofSoftmax, klSigmoid: ofSigmoid })
    })
    const columns = [0, 1].map((k) => pairs.map((_, i) => values[2 * i + k]))
    const [ofSoftmax, ofSigmoid] = resampling
      ? await scatterOfMeans(calculator, columns, resampling)
      : []
    return {
      values: { kl: { softmax, sigmoid } },
      ...(resampling && { scatters: { klSoftmax: ofSoftmax, klSigmoid: ofSigmoid } }),
      clips,
    }
  },
}
