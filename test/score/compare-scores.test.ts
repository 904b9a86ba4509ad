import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SampleClip } from '../../lib/audio/clip-source.js'
import type { CompareEvent } from '../../lib/score/compare-result.js'
import { compareScores } from '../../lib/score/compare-scores.js'
import type { CompareScoresOptions } from '../../lib/score/options.js'
import { score } from '../../lib/score/score.js'
import { narrowWeights, scratch, sound, writeSounds } from './fixture.js'

const work = scratch()
let options: CompareScoresOptions

/** Named clips, of which a part is noise. */
function clips(count: number, pitch: number, part = 0, prefix = 'clip'): SampleClip[] {
  return Array.from({ length: count }, (_, i) => {
    const { samples, sampleRate } = sound(i, pitch)
    const noise = (k: number) => ((k * 7919 + i * 104_729) % 1009) / 504 - 1
    return {
      name: `${prefix}${i}`,
      samples: samples.map((x, k) => (1 - part) * x + part * noise(k)),
      sampleRate,
    }
  })
}

beforeAll(() => {
  options = {
    a: clips(24, 1),
    b: clips(24, 1, 1),
    reference: clips(24, 1.02),
    ...narrowWeights(),
    device: 'cpu',
    cacheDir: join(work.path, 'cache'),
    bootstrap: 200,
  }
})
afterAll(work.remove)

const metrics = ['fd', 'fad', 'is', 'kl', 'kad', 'kid'] as const

test('noise is worse, and the numbers are those of score', async () => {
  const { differences, paired, a, b, reference, protocol } = await compareScores({
    ...options,
    metrics,
  })
  expect(paired).toBe(true)
  expect([a.count, b.count, reference?.count]).toEqual([24, 24, 24])
  expect(protocol.intervals).toMatchObject({ bootstrap: 200 })
  // Seven numbers, which hold together with 95 %.
  expect(protocol.intervals?.level).toBeCloseTo(1 - 0.05 / 7, 12)
  for (const each of [differences.kl?.softmax, differences.kl?.sigmoid]) {
    expect(each).toMatchObject({ better: 'a', verdict: 'A is better' })
    expect(each?.high).toBeLessThan(0)
  }
  const { a: _, b: __, ...others } = options
  const alone = await score({ ...others, generated: options.b, metrics })
  expect(differences.kad?.b).toBeCloseTo(alone.metrics.kad as number, 9)
  expect(differences.kl?.softmax.b).toBeCloseTo(alone.metrics.kl?.softmax as number, 9)
  expect(differences.fd?.b).toBeCloseTo(alone.intervals?.fd?.infinite.value as number, 6)
  for (const each of [differences.is, differences.fad, differences.kl?.sigmoid]) {
    const { a, b, difference } = each ?? {}
    expect(difference).toBeCloseTo((a as number) - (b as number), 9)
  }
})

test('exchanged, B is better; a set is no better than itself', async () => {
  const { a, b } = options
  const both = await compareScores({ ...options, a: b, b: a, metrics: ['kad', 'fd'] })
  const first = await compareScores({ ...options, metrics: ['kad', 'fd'] })
  expect(both.differences.fd).toMatchObject({ better: 'b', verdict: 'B is better' })
  for (const name of ['kad', 'fd'] as const) {
    expect(both.differences[name]?.low).toBeCloseTo(-(first.differences[name]?.high as number), 9)
  }
  const same = await compareScores({ ...options, b: a, metrics })
  expect(same.differences.kad).toMatchObject({ difference: 0, low: 0, high: 0, better: null })
  expect(same.differences.fd?.verdict).toBe('no difference shown at N = 24')
  expect(same.differences.kl?.softmax.better).toBe(null)
})

test('clips of other names are drawn apart, which is told', async () => {
  const equal = { ...options, b: options.a, metrics: ['kad', 'fd'] as const }
  const warnings: CompareEvent[] = []
  const job = compareScores({ ...equal, b: clips(24, 1, 0, 'other') })
  for await (const event of job) if (event.type === 'warning') warnings.push(event)
  const apart = await job
  const inPairs = await compareScores(equal)
  expect([inPairs.paired, apart.paired]).toEqual([true, false])
  expect(warnings.map((event) => 'message' in event && event.message)).toContainEqual(
    expect.stringContaining('not compared in pairs'),
  )
  for (const name of ['kad', 'fd'] as const) {
    const { low = 0, high = 0, better } = apart.differences[name] ?? {}
    expect(low, name).toBeLessThan(-0.1)
    expect(high, name).toBeGreaterThan(0.1)
    expect(better).toBe(null)
    expect(inPairs.differences[name]).toMatchObject({ difference: 0, low: 0, high: 0 })
  }
  expect(apart.differences.kad?.difference).toBeCloseTo(0, 9)
  const fewer = await compareScores({ ...equal, b: clips(20, 1) })
  expect(fewer.differences.kad?.verdict).toBe('no difference shown at N = 24 and 20')
})

test('what is told of either set says which it is', async () => {
  const folder = writeSounds(work.path, 'a', 12)
  const events: CompareEvent[] = []
  const job = compareScores({ ...options, a: folder, metrics: ['fad'], cacheDir: null })
  for await (const event of job) events.push(event)
  const stages = events.map((event) => (event.type === 'step' ? event.stage : ''))
  for (const stage of ['a', 'b', 'reference']) expect(stages).toContain(stage)
  expect(stages).not.toContain('generated')
})

test.each<[object, string]>([
  [{ a: undefined }, 'a: expected a folder'],
  [{ b: [] }, 'b: the list is empty'],
  [{ bootstrap: 0 }, 'bootstrap: expected a whole number from 100'],
  [{ metrics: ['fad-infinity'] }, 'metrics: fad-infinity has no interval: take fad'],
  [{ generated: '.' }, 'generated: there is no such option'],
])('%o is refused at once', (given, message) => {
  expect(() => compareScores({ a: '.', b: '.', ...given } as CompareScoresOptions)).toThrow(message)
})

test('a set that cannot be scored is named', async () => {
  const missing = compareScores({ ...options, b: join(work.path, 'none'), metrics: ['kad'] })
  await expect(missing).rejects.toThrow('b: there is no file or folder')
  const few = compareScores({ ...options, b: clips(1, 1), metrics: ['kad'] })
  await expect(few).rejects.toThrow('b: kad needs at least 2 clips, there are 1')
})
