/** What is compared follows the chosen backbone. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BackboneName } from '../../lib/backbones/backbone.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { score } from '../../lib/score/score.js'
import { narrowWeights, otherWeights, scratch, writeSounds } from './fixture.js'

const work = scratch()
const { panns, vggish } = narrowWeights()
const { wavegram, passt } = otherWeights()
let options: ScoreOptions & { reference: string }

beforeAll(() => {
  options = {
    generated: writeSounds(work.path, 'generated', 10),
    reference: writeSounds(work.path, 'reference', 10, 1.3),
    device: 'cpu',
    cacheDir: `${work.path}/cache`,
    metrics: ['fd', 'kid', 'kad', 'is', 'kl'],
  }
})
afterAll(() => work.remove())

const networks = {
  'cnn14-16k': { panns },
  'wavegram-logmel': { panns: wavegram, backbone: 'wavegram-logmel' },
  passt: { passt, backbone: 'passt' },
} satisfies Partial<Record<BackboneName, Partial<ScoreOptions>>>

test('fd, kid, kad, is and kl are of the chosen network, and the protocol says so', async () => {
  const seen = new Set<number | undefined>()
  for (const [name, given] of Object.entries(networks)) {
    const { metrics, protocol, features } = await score({ ...options, ...given })
    expect(Object.keys(protocol.backbones)).toEqual([name])
    for (const settings of Object.values(protocol.metrics)) expect(settings.backbone).toBe(name)
    expect(features.computed).toBe(20)
    expect(metrics.fd).toBeGreaterThan(0)
    for (const value of [metrics.fd, metrics.kid?.mean, metrics.kad, metrics.kl?.softmax]) {
      expect(seen.has(value)).toBe(false)
      seen.add(value)
    }
  }
})

test('weights of other networks may lie beside and are not used', async () => {
  const all = { panns, passt, vggish, backbone: 'passt', metrics: undefined } as const
  const { metrics, protocol } = await score({ ...options, ...all })
  expect(Object.keys(protocol.backbones).sort()).toEqual(['passt', 'vggish'])
  const used = Object.entries(protocol.metrics).map(([name, { backbone }]) => [name, backbone])
  expect(Object.fromEntries(used)).toEqual({ fd: 'passt', fad: 'vggish', is: 'passt', kl: 'passt' })
  const alone = await score({ ...options, ...networks.passt })
  expect(metrics.fd).toBe(alone.metrics.fd)
})

test('what is missing is named, with the file to give', async () => {
  await expect(score({ ...options, backbone: 'passt', panns })).rejects.toMatchObject({
    option: 'passt',
    message: 'passt: fd needs the weights of PaSST',
    hint: expect.stringContaining('passt-s-f128'),
  })
  await expect(score({ ...options, backbone: 'wavegram-logmel' })).rejects.toMatchObject({
    option: 'panns',
    message: 'panns: fd needs the weights of Wavegram-Logmel-CNN14',
    hint: expect.stringContaining('Wavegram_Logmel'),
  })
  await expect(score({ ...options, panns: wavegram })).rejects.toMatchObject({
    option: 'backbone',
    hint: expect.stringContaining('wavegram-logmel'),
  })
  const both = { ...options, ...networks.passt, embedding: 'my.pt@16000' }
  expect(() => score(both as ScoreOptions)).toThrow('backbone: cannot be passt beside embedding')
})
