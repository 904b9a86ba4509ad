/** What is compared follows the chosen backbone. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BackboneName } from '../../lib/backbones/backbone.js'
import { compareScores } from '../../lib/score/compare-scores.js'
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

const several = { panns: wavegram, passt, vggish }

test('one run compares by several, with the numbers of a run by each', async () => {
  const metrics = [
    'kad@passt',
    'fd@wavegram-logmel',
    'kad@wavegram-logmel',
    'kl@passt',
    'fad',
  ] as const
  const run = { ...options, ...several, metrics, perClip: true, bootstrap: 100 }
  const job = score(run)
  const warned: string[] = []
  for await (const event of job) if (event.type === 'warning') warned.push(event.message)
  expect(warned).toContainEqual(expect.stringMatching(/^fd@wavegram-logmel: 10 clips are few for /))
  const result = await job
  const { fd, kad } = (await score({ ...options, ...networks['wavegram-logmel'] })).metrics
  const byPasst = (await score({ ...options, ...networks.passt })).metrics
  expect(result.metrics).toMatchObject({
    'fd@wavegram-logmel': fd,
    'kad@wavegram-logmel': kad,
    'kad@passt': byPasst.kad,
    'kl@passt': byPasst.kl,
  })
  expect(Object.keys(result.metrics)).toHaveLength(5)
  expect(Object.keys(result.intervals ?? {}).sort()).toEqual(Object.keys(result.metrics).sort())
  expect(result.intervals?.['kl@passt']?.sigmoid.low).toBeLessThan(byPasst.kl?.sigmoid as number)
  expect(Object.keys(result.protocol.backbones).sort()).toEqual([
    'passt',
    'vggish',
    'wavegram-logmel',
  ])
  expect(result.protocol.metrics['kad@passt'].backbone).toBe('passt')
  const clips = result.clips ?? []
  const mean = clips.reduce((sum, clip) => sum + (clip['kad@passt'] as number) / 10, 0)
  expect(mean).toBeCloseTo(byPasst.kad as number, 9)
  expect(clips[3]).toHaveProperty('klSoftmax@passt')
  expect(clips[3]).not.toHaveProperty('klSoftmax')
})

test('two sets are compared by several', async () => {
  const { generated, ...others } = options
  const { differences } = await compareScores({
    ...others,
    ...several,
    a: options.reference,
    b: generated,
    metrics: ['kad@passt', 'fd@wavegram-logmel', 'kl@passt'],
    bootstrap: 100,
  })
  expect(Object.keys(differences).sort()).toEqual(['fd@wavegram-logmel', 'kad@passt', 'kl@passt'])
  expect(differences['kl@passt']?.softmax.a).toBeCloseTo(0, 3)
})

test('two networks of PANNs are not in one run', () => {
  const run = { ...options, panns: wavegram, metrics: ['fd', 'kad@wavegram-logmel'] as const }
  expect(() => score(run)).toThrow(
    'metrics: are by cnn14-16k and wavegram-logmel, and panns gives the weights of one network',
  )
  expect(() => score({ ...options, metrics: ['fad@passt' as 'fad'] })).toThrow('as kad@passt')
  expect(() => score({ ...options, metrics: ['is@clap' as 'is'] })).toThrow('as kad@passt')
})

test('a preset decides the protocol, and the result says which', async () => {
  const run = { ...options, ...several, metrics: undefined, cacheDir: null } as const
  const { metrics, intervals, protocol } = await score({ ...run, preset: '2026', bootstrap: 100 })
  const names = ['fd@passt', 'fd@wavegram-logmel', 'is@passt', 'kad@passt', 'kad@wavegram-logmel']
  expect(Object.keys(metrics).sort()).toEqual([...names, 'kl@passt'].sort())
  expect(Object.keys(intervals ?? {}).sort()).toEqual(Object.keys(metrics).sort())
  expect(protocol.preset).toBe('2026')
  const paper = { ...options, panns, vggish, metrics: undefined }
  const first = await score({ ...paper, preset: 'paper-2023' })
  expect(first.metrics).toEqual((await score(paper)).metrics)
  expect(first).not.toHaveProperty('intervals')
  const chosen = await score({ ...paper, preset: 'paper-2023', metrics: ['is'] })
  expect(chosen.metrics).toEqual({ is: first.metrics.is })
})

test('what a preset lacks is named, and so is what it does not take', async () => {
  const run = { ...options, ...several, metrics: undefined, preset: '2026' } as const
  await expect(score({ ...run, passt: undefined })).rejects.toMatchObject({
    option: 'passt',
    message: 'passt: fd@passt needs the weights of PaSST',
  })
  expect(() => score({ ...run, resampler: 'kaiser-best' })).toThrow(
    "resampler: is 'kaiser-best', and the preset 2026 fixes it to 'sinc'",
  )
  expect(() => score({ ...run, backbone: 'passt' })).toThrow('the preset 2026 takes none')
  expect(() => score({ ...run, metrics: ['fd', 'kad@passt'] })).toThrow(
    'metrics: fd is not in the preset 2026',
  )
  expect(() => score({ ...run, preset: '2025' as '2026' })).toThrow('preset')
})
