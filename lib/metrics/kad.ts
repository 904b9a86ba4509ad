import type { Metric } from './metric.js'

const scale = 100
const epsilon = 1e-8

/**
 * Kernel audio distance: 100 times the unbiased squared MMD with a Gaussian kernel as wide as the
 * median distance between clips of the reference. Y. Chung, P. Eu, J. Lee, K. Choi, J. Nam,
 * B. S. Chon, "KAD: No More FAD! An Effective and Efficient Evaluation Metric for Audio Generation"
 * (2025). It may be negative.
 */
export const kad: Metric = {
  name: 'kad',
  generated: { source: 'embedding', form: 'rows' },
  reference: { source: 'embedding', form: 'rows' },
  minRows: 2,
  settings: { scale, epsilon },
  compute: async ({ calculator, rows }) => {
    const generated = rows('generated', 'embedding').tensor(calculator)
    const reference = rows('reference', 'embedding').tensor(calculator)
    const [value, bandwidth] = await calculator.numbers(
      'kernel_audio_distance',
      [generated, reference],
      { scale, epsilon },
    )
    generated.dispose()
    reference.dispose()
    const warnings = bandwidth === 0 ? [narrow] : []
    return { values: { kad: value }, warnings }
  },
}

const narrow =
  'kad tells equal clips from others and nothing more: most pairs of references have equal embeddings'
