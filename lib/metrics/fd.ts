import { frechetDistance, frechetScatter } from './frechet.js'
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
    const distance = await frechetDistance(
      context.calculator,
      context.statistics('generated', 'embedding'),
      context.statistics('reference', 'embedding'),
    )
    const { scatter, warnings } = await frechetScatter(context, 'embedding', distance)
    return {
      values: { fd: distance },
      ...(scatter && { scatters: { fd: scatter } }),
      warnings: warnings.map((each) => `fd: ${each}`),
    }
  },
}
