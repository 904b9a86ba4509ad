import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { InvalidOptionError } from '../../lib/errors.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { score } from '../../lib/score/score.js'
import { narrowWeights, scratch, writeSounds } from './fixture.js'

const work = scratch()
let generated: string
let reference: string
const weights = narrowWeights()

beforeAll(() => {
  generated = writeSounds(work.path, 'generated', 3)
  reference = writeSounds(work.path, 'reference', 3, 1.3)
})
afterAll(work.remove)

test.each<[object, string]>([
  [{ generated: 7 }, 'generated: expected a folder'],
  [{ generated: undefined }, 'generated: expected a folder'],
  [{ generated: [] }, 'generated: the list is empty'],
  [{ generated: ['a.wav', 7] }, 'generated[1]: expected a folder'],
  [{ generated: [{ samples: [1, 2], sampleRate: 16000 }] }, 'generated[0].samples: expected'],
  [{ generated: [{ samples: new Float32Array(9), sampleRate: 0.5 }] }, 'generated[0].sampleRate'],
  [{ reference: '' }, 'reference: is empty'],
  [{ metrics: ['fdd'] }, 'metrics[0]: expected fd, fad, is'],
  [{ metrics: [] }, 'metrics: the list is empty'],
  [{ metric: ['fd'] }, 'metric: there is no such option'],
  [
    { backbone: 'cnn14' },
    'backbone: expected cnn14-16k, cnn14-32k, wavegram-logmel, passt or clap',
  ],
  [{ mono: 'left' }, 'mono: expected first-channel or mean'],
  [{ resampler: 'soxr' }, 'resampler: expected sinc, kaiser-fast or kaiser-best'],
  [{ pairing: 'index' }, 'pairing: expected name, order or none'],
  [{ bootstrap: 50 }, 'bootstrap: expected 0 or 100 … 100000'],
  [{ bootstrapSeed: -1 }, 'bootstrapSeed: expected a whole number'],
  [{ batchSize: 0 }, 'batchSize: expected a whole number from 1 to 256'],
  [{ device: 'gpu' }, 'device: expected auto, cpu'],
  [{ dtype: 'int8' }, 'dtype: expected auto, float32'],
  [
    { embedding: 'my.pt' },
    "embedding: expected an archive and the rate it takes, as 'my.pt@16000'",
  ],
  [{ vggishPca: 'pca.pth' }, 'vggishPca: applies to VGGish'],
  [{ saveStatistics: 'x.safetensors' }, 'saveStatistics: saves those of the reference'],
])('%o is refused at once', (options, message) => {
  expect(() => score({ generated: '.', ...options } as ScoreOptions)).toThrow(message)
})

const refusal = async (options: Partial<ScoreOptions>) => {
  const error = await score({
    generated,
    reference,
    device: 'cpu',
    cacheDir: null,
    ...options,
  }).then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(InvalidOptionError)
  return error as InvalidOptionError
}

test('a metric that was asked for and cannot be computed is an error', async () => {
  const { panns, vggish } = weights
  expect((await refusal({ metrics: ['fd'], vggish })).option).toBe('panns')
  expect((await refusal({ metrics: ['fad'], panns })).option).toBe('vggish')
  expect((await refusal({ metrics: ['fd'], panns, reference: undefined })).option).toBe('reference')
  const few = await refusal({ metrics: ['is'], panns })
  expect(few.message).toBe('generated: is needs at least 10 clips, there are 3')
  const [one] = [[join(generated, 'clip00.wav')]]
  const single = await refusal({ metrics: ['fd'], panns, generated: one, pairing: 'none' })
  expect(single.message).toBe('generated: fd needs at least 2 clips, there are 1')
  expect((await refusal({ metrics: ['kl'], panns, generated: one })).option).toBe('pairing')
  const unpaired = await refusal({ metrics: ['kl'], panns, pairing: 'none' })
  expect(unpaired.message).toContain("pairing is 'none'")
  const frames = await refusal({ metrics: ['fad-infinity'], vggish })
  expect(frames.message).toMatch(/fad-infinity needs at least 501 VGGish patches, there are \d+/)
})

test('of the default metrics those that can be are computed, and the others explained', async () => {
  const job = score({ generated, reference, panns: weights.panns, device: 'cpu', cacheDir: null })
  const warnings: string[] = []
  for await (const event of job) if (event.type === 'warning') warnings.push(event.message)
  expect(Object.keys((await job).metrics)).toEqual(['fd', 'kl'])
  expect(warnings.slice(0, 2)).toEqual([
    'left out: fad needs the weights of VGGish',
    'left out: is needs at least 10 clips, there are 3',
  ])
  // Of CNN14 at 32 kHz there is no small one.
  const nothing = await refusal({ backbone: 'cnn14-32k' })
  expect(nothing.message).toContain('no metric can be computed')
  expect(nothing.message).toContain('fad needs the weights of VGGish')
})

test('weights of the wrong network, or none, are named', async () => {
  const { panns, vggish } = weights
  const swapped = await refusal({ metrics: ['fd'], panns: vggish })
  expect(swapped.option).toBe('panns')
  const wrongRate = await refusal({ metrics: ['fd'], panns, backbone: 'cnn14-32k' })
  expect(wrongRate.option).toBe('backbone')
  const absent = score({ generated, reference, metrics: ['fd'], panns: '/no/such.pth' })
  await expect(absent).rejects.toThrow('/no/such.pth')
})
