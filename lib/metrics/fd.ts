import { fewRows, frechetDistance, frechetScatter } from './frechet.js'
import type { Metric } from './metric.js'

/** Fréchet distance of clip embeddings, as audioldm_eval computes it on CNN14's 2048 values. */
export const fd: Metric = {
  name: 'fd',
  better: 'lower',
  generated: { source: 'embedding', form: 'statistics' },
  reference: { source: 'embedding', form: 'statistics' },
  interval: { source: 'embedding', form: 'rows' },
  minRows: 2,
  settings: { ddof: 1 },
  compute: async (context) => {
    const generated = context.statistics('generated', 'embedding')
    const reference = context.statistics('reference', 'embedding')
    const distance = await frechetDistance(context.calculator, generated, reference)
    const { scatter, warnings } = await frechetScatter(context, 'embedding', distance)
    return {
      values: { fd: distance },
      ...(scatter && { scatters: { fd: scatter } }),
      warnings: [
        ...fewRows(context.name, 'clips', generated, reference),
        ...warnings.map((each) => `${context.name}: ${each}`),
      ],
    }
  },
}
