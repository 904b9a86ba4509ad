import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Interval } from '../../lib/metrics/interval.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { saveStatistics } from '../../lib/score/save-statistics.js'
import { score } from '../../lib/score/score.js'
import { askPython } from '../python/run.js'
import { narrowWeights, scratch, writeSounds } from './fixture.js'

const work = scratch()
let options: ScoreOptions

beforeAll(() => {
  options = {
    generated: writeSounds(work.path, 'generated', 12),
    reference: writeSounds(work.path, 'reference', 12, 1.3),
    ...narrowWeights(),
    device: 'cpu',
    cacheDir: join(work.path, 'cache'),
    bootstrap: 200,
  }
})
afterAll(work.remove)

test('every number has its interval, and the protocol says how', async () => {
  const metrics = ['fd', 'fad', 'is', 'kl', 'kad', 'kid', 'lsd', 'psnr', 'ssim'] as const
  const { intervals, metrics: values, protocol } = await score({ ...options, metrics })
  expect(Object.keys(intervals ?? {}).sort()).toEqual([...metrics].sort())
  const { fd, fad, is, kl, kad, kid, lsd, psnr, ssim } = intervals as Required<
    NonNullable<typeof intervals>
  >
  const pairs: [Interval, number | undefined][] = [
    ...([
      [fd, values.fd],
      [fad, values.fad],
      [kad, values.kad],
      [lsd, values.lsd],
    ] as const),
    ...([
      [psnr, values.psnr],
      [ssim, values.ssim],
      [is, values.is?.mean],
    ] as const),
    ...([
      [kl.softmax, values.kl?.softmax],
      [kl.sigmoid, values.kl?.sigmoid],
    ] as const),
    [kid, kid.value],
  ].map(([interval, value]) => [interval as Interval, value as number])
  for (const [interval, value] of pairs) {
    expect(interval.low).toBeLessThan(value as number)
    expect(interval.high).toBeGreaterThan(value as number)
  }
  // With equally many clips every subset is the whole set.
  expect(kid.value).toBeCloseTo(values.kid?.mean as number, 9)
  for (const [{ bias, infinite, low }, value] of [
    [fd, values.fd],
    [fad, values.fad],
  ] as const) {
    expect(infinite.value).toBeCloseTo((value as number) - bias, 9)
    expect(infinite.low).toBeCloseTo(low - bias, 9)
    expect(bias).toBeGreaterThan(0)
  }
  expect(protocol.intervals).toEqual({
    level: 0.95,
    method: expect.stringContaining('bootstrap'),
    bootstrap: 200,
    seed: 2020,
    groups: 20,
    reference: 'drawn',
  })
})

test('an interval of a mean over pairs is that of NumPy', async () => {
  const { intervals, clips = [] } = await score({
    ...options,
    metrics: ['kl', 'lsd'],
    perClip: true,
  })
  const columns = [clips.map(({ klSoftmax }) => klSoftmax), clips.map(({ lsd }) => lsd)]
  const given = { columns, replicates: 200, seed: 2020 }
  const expected = askPython<[number, number][]>('score/python/intervals.py', given)
  for (const [i, interval] of [intervals?.kl?.softmax, intervals?.lsd].entries()) {
    expect(interval?.low).toBeCloseTo(expected[i][0], 5)
    expect(interval?.high).toBeCloseTo(expected[i][1], 5)
  }
})

test('a seed decides what is drawn, and without bootstrap nothing is', async () => {
  const metrics = ['kad', 'is', 'kl', 'fd'] as const
  const first = await score({ ...options, metrics })
  const again = await score({ ...options, metrics })
  const other = await score({ ...options, metrics, bootstrapSeed: 7 })
  expect(again.intervals).toEqual(first.intervals)
  expect(other.metrics).toEqual(first.metrics)
  expect(other.intervals?.kad?.low).not.toBe(first.intervals?.kad?.low)
  expect(other.intervals?.is?.low).not.toBe(first.intervals?.is?.low)
  expect(other.intervals?.fd?.bias).not.toBe(first.intervals?.fd?.bias)
  const none = await score({ ...options, metrics, bootstrap: 0 })
  expect(none.metrics).toEqual(first.metrics)
  expect(none).not.toHaveProperty('intervals')
  expect(none.protocol).not.toHaveProperty('intervals')
})

test('a reference of statistics is fixed, and generated clips must be there', async () => {
  const output = join(work.path, 'reference.safetensors')
  const { vggish } = narrowWeights()
  await saveStatistics({ audio: options.reference as string, output, vggish, device: 'cpu' })
  const fixed = await score({ ...options, reference: output, metrics: ['fad'] })
  const drawn = await score({ ...options, metrics: ['fad'] })
  expect(fixed.protocol.intervals?.reference).toBe('fixed')
  expect(fixed.metrics.fad).toBeCloseTo(drawn.metrics.fad as number, 6)
  // Of the generated side alone.
  expect(fixed.intervals?.fad?.bias).toBeLessThan(drawn.intervals?.fad?.bias as number)
  const saved = score({ ...options, generated: output, metrics: ['fad'] })
  await expect(saved).rejects.toThrow('fad with an interval needs the clips themselves')
})

test('of too few clips there is no interval', async () => {
  const folder = writeSounds(work.path, 'two', 2)
  const { intervals, metrics } = await score({ ...options, generated: folder, metrics: ['fad'] })
  expect(metrics.fad).toBeGreaterThan(0)
  expect(intervals?.fad?.low).toBeNaN()
  expect(JSON.parse(JSON.stringify(intervals)).fad.infinite.high).toBe(null)
})
