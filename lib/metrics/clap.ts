import { dot, unit } from '../model/similarity.js'
import type { ClipScores, Metric } from './metric.js'
import { scatterOfMeans } from './resampling.js'

/**
 * CLAP score: the cosine similarity of a clip's audio embedding with the text embedding of its
 * prompt, mean and standard deviation (ddof 0) over the clips. Y. Wu, K. Chen, T. Zhang, Y. Hui,
 * T. Berg-Kirkpatrick, S. Dubnov, "Large-scale contrastive language-audio pretraining with feature
 * fusion and keyword-to-caption augmentation" (2023).
 */
export const clap: Metric = {
  name: 'clap',
  better: 'higher',
  generated: { source: 'clap', form: 'rows' },
  prompts: true,
  compute: async (context) => {
    const rows = context.rows('generated', 'clap')
    const prompts = await context.prompts()
    const clips = new Map<number, ClipScores>()
    const values: number[] = []
    for (const [clip, prompt] of prompts) {
      const similarity = dot(unit(rows.of(clip)), prompt)
      values.push(similarity)
      clips.set(clip, { clap: similarity })
    }
    const mean = average(values)
    const spread = Math.sqrt(average(values.map((value) => (value - mean) ** 2)))
    const std = values.length > 1 ? spread : Number.NaN
    const { calculator, resampling } = context
    if (resampling === undefined) return { values: { clap: { mean, std } }, clips }
    const column = [...rows.clips()].map((clip) => clips.get(clip)?.clap ?? Number.NaN)
    const [scatter] = await scatterOfMeans(calculator, [column], resampling)
    return { values: { clap: { mean, std } }, scatters: { clap: scatter }, clips }
  },
}

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
