import { describe, expect, it } from 'vitest'
import { planVocoder } from '../../lib/architectures/vocoder.js'
import { askPython } from '../python/run.js'
import { type Config, publishedVocoder } from './configs.js'

const narrow = { ...publishedVocoder, model_in_dim: 2, upsample_initial_channel: 32 }
const cases: Config[] = [
  { ...narrow, frames: 64 },
  { ...narrow, frames: 64, upsample_rates: [4, 4, 4, 4], upsample_kernel_sizes: [8, 8, 8, 8] },
  {
    model_in_dim: 1,
    upsample_initial_channel: 4,
    upsample_rates: [3, 2],
    upsample_kernel_sizes: [8, 3],
    resblock_kernel_sizes: [5],
    resblock_dilation_sizes: [[2, 7]],
    normalize_before: false,
    frames: 60,
  },
  {
    model_in_dim: 1,
    upsample_initial_channel: 2,
    upsample_rates: [1],
    upsample_kernel_sizes: [1],
    resblock_kernel_sizes: [1],
    resblock_dilation_sizes: [[1]],
    normalize_before: true,
    frames: 20,
  },
  {
    ...narrow,
    upsample_rates: [7, 3, 2],
    upsample_kernel_sizes: [7, 10, 9],
    resblock_kernel_sizes: [3, 11],
    resblock_dilation_sizes: [
      [9, 1, 1, 2],
      [1, 2, 3, 4],
    ],
    frames: 90,
  },
]

describe('planVocoder', () => {
  it('knows the published geometry', () => {
    const { hop, tail, numMel, samplingRate } = planVocoder(publishedVocoder, 'config.json')
    expect({ hop, tail, numMel, samplingRate }).toEqual({
      hop: 160,
      tail: 32,
      numMel: 64,
      samplingRate: 16000,
    })
  })

  const measured = askPython<{ samples: number; reach: [number, number] }[]>(
    'architectures/python/hifigan.py',
    cases,
  )

  it.each(
    cases.map((config, i) => ({ config, i })),
  )('gives length and context as measured on $config', ({ config, i }) => {
    const { hop, tail, context } = planVocoder(config, 'config.json')
    expect(measured[i].samples).toBe(hop * Number(config.frames) + tail)
    // No dependency is missed, and at most one frame more than needed is asked for.
    const reach = Math.max(...measured[i].reach)
    expect(context).toBeGreaterThanOrEqual(reach)
    expect(context).toBeLessThanOrEqual(reach + 1)
  })
})
