import type { MetricContext } from './context.js'
import { fewRows, frechetDistance, frechetScatter } from './frechet.js'
import type { ClipScores, Metric } from './metric.js'

/**
 * Fréchet audio distance: K. Kilgour, M. Zuluaga, D. Roblek, M. Sharifi, "Fréchet Audio Distance: a
 * reference-free metric for evaluating music enhancement algorithms" (2019). Patches of all clips
 * are pooled. Of one clip, its own patches against the whole reference: A. Gui, H. Gamper, S. Braun,
 * D. Emmanouilidou, "Adapting Fréchet Audio Distance for generative music evaluation" (2024).
 */
export const fad: Metric = {
  name: 'fad',
  better: 'lower',
  generated: { source: 'frames', form: 'statistics' },
  reference: { source: 'frames', form: 'statistics' },
  perClip: { source: 'frames', form: 'rows' },
  interval: { source: 'frames', form: 'rows' },
  minRows: 2,
  settings: { ddof: 1 },
  compute: async (context) => {
    const generated = context.statistics('generated', 'frames')
    const reference = context.statistics('reference', 'frames')
    const distance = await frechetDistance(context.calculator, generated, reference)
    const clips = context.perClip ? await ofEachClip(context) : undefined
    const { scatter, warnings } = await frechetScatter(context, 'frames', distance)
    return {
      values: { fad: distance },
      clips,
      ...(scatter && { scatters: { fad: scatter } }),
      warnings: [
        ...fewRows('fad', 'patches', generated, reference),
        ...warnings.map((each) => `fad: ${each}`),
      ],
    }
  },
}

/** A clip of a single patch has no covariance, and no score. */
async function ofEachClip(context: MetricContext): Promise<Map<number, ClipScores>> {
  const { calculator } = context
  const rows = context.rows('generated', 'frames')
  const reference = context.statistics('reference', 'frames')
  const scores = new Map<number, ClipScores>()
  for (const clip of rows.clips()) {
    const frames = rows.tensor(calculator, [clip])
    const [count] = frames.shape
    if (count >= 2) {
      const [mean, factor] = await calculator.run('statistics', [frames])
      const value = await frechetDistance(calculator, { count, mean, factor }, reference)
      scores.set(clip, { fad: value })
      mean.dispose()
      factor.dispose()
    }
    frames.dispose()
  }
  return scores
}
