import { frechetDistance } from './frechet.js'
import type { Metric } from './metric.js'

/** Fréchet distance of clip embeddings, as audioldm_eval computes it on CNN14's 2048 values. */
export const fd: Metric = {
  name: 'fd',
  generated: { source: 'embedding', form: 'statistics' },
  reference: { source: 'embedding', form: 'statistics' },
  minRows: 2,
  settings: { ddof: 1 },
  compute: async (context) => {
    const distance = await frechetDistance(
      context.calculator,
      context.statistics('generated', 'embedding'),
      context.statistics('reference', 'embedding'),
    )
    return { values: { fd: distance } }
  },
}
