import { afterAll, describe, expect, test } from 'vitest'
import type { SpectralPair } from '../../lib/metrics/context.js'
import { biasedIntervalOf, intervalOf, type Jackknife } from '../../lib/metrics/interval.js'
import type { Outcome } from '../../lib/metrics/metric.js'
import { selectMetrics } from '../../lib/metrics/registry.js'
import { differenceOf, type Resampling } from '../../lib/metrics/resampling.js'
import { Rows } from '../../lib/metrics/rows.js'
import { StatisticsAccumulator } from '../../lib/metrics/statistics.js'
import { normalQuantile, studentQuantile } from '../../lib/metrics/student.js'
import { Calculator } from '../../lib/native/calculator.js'
import { Compute } from '../../lib/native/compute.js'
import { loadNative } from '../../lib/native/load.js'

const native = loadNative({ cuda: false })
const compute = new Compute(native, 1)
const calculator = new Calculator(native, compute, new AbortController().signal)
afterAll(() => compute.dispose())

const resampling = (seed: number): Resampling => ({
  replicates: 300,
  groups: 20,
  seeds: { generated: seed, reference: seed + 1_000_000 },
  reference: true,
})

/** Normal numbers, the same on every run. */
function normals(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x85ebca6b) >>> 0
  const uniform = () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

function gaussians(next: () => number, clips: number, d: number, shift = 0, frames = 1): Rows {
  const rows = new Rows(d)
  for (let clip = 0; clip < clips; clip++) {
    // Rows of one clip are alike.
    const centre = Array.from({ length: d }, next)
    const own = () => (frames === 1 ? 0 : next())
    const data = Array.from({ length: frames * d }, (_, i) => centre[i % d] + own() + shift)
    rows.append(clip, Float32Array.from(data))
  }
  return rows
}

async function statisticsOf(rows: Rows) {
  const accumulator = new StatisticsAccumulator(calculator, rows.dimension)
  for (const clip of rows.clips()) await accumulator.add(rows.of(clip))
  return accumulator.finish()
}

async function compare(name: 'kad' | 'kid' | 'fd' | 'fad', a: Rows, b: Rows, seed: number) {
  const [metric] = selectMetrics([name])
  const sides = { generated: a, reference: b }
  const statistics = metric.generated?.form === 'statistics' && {
    generated: await statisticsOf(a),
    reference: await statisticsOf(b),
  }
  return metric.compute({
    ...{ name, calculator, perClip: false, resampling: resampling(seed), pairs: [] },
    rows: (side) => sides[side],
    statistics: (side) => (statistics as Exclude<typeof statistics, boolean>)[side] as never,
    prompts: async () => new Map(),
    spectralPairs: async () => [],
  })
}

const scatterOf = ({ scatters }: Outcome, name: 'kad' | 'kid' | 'fd' | 'fad' | 'psnr') => {
  const scatter = scatters?.[name]
  if (scatter === undefined) throw new Error(`no scatter of ${name}`)
  return scatter
}

test("quantiles of Student's t are those of tables", () => {
  for (const [degrees, value] of [
    [1, 12.7062047],
    [2, 4.3026527],
    [4, 2.7764451],
    [19, 2.0930241],
    [100, 1.9839715],
    [1000, 1.9623391],
  ]) {
    expect(studentQuantile(0.95, degrees)).toBeCloseTo(value, 5)
  }
  expect(studentQuantile(0.95, 0)).toBeNaN()
  expect(studentQuantile(0.995, 19)).toBeCloseTo(3.1737, 4)
  expect(normalQuantile(0.95)).toBeCloseTo(1.959964, 4)
  expect(normalQuantile(0.995)).toBeCloseTo(2.807034, 3)
})

test('an interval is of percentiles, wider for few clips, and none for one', () => {
  const deviations = Float64Array.from({ length: 1001 }, (_, i) => (i - 300) / 1000)
  const scatter = { method: 'bootstrap', value: 7, clips: 10_000_000, deviations } as const
  const { low, high } = intervalOf(scatter)
  expect(low).toBeCloseTo(7 - 0.275, 2)
  expect(high).toBeCloseTo(7 + 0.675, 2)
  const few = intervalOf({ ...scatter, clips: 10 })
  const stretch = (2.2621572 / 1.959964) * Math.sqrt(10 / 9)
  expect(few.high - few.low).toBeCloseTo(stretch * 0.95, 3)
  expect(intervalOf({ ...scatter, clips: 1 })).toEqual({ low: Number.NaN, high: Number.NaN })
})

test('a jackknife takes out a bias of 1/N and keeps the standard error of a mean', () => {
  const groups = [1, 2, 4, 7, 11]
  const mean = (values: number[]) => values.reduce((sum, each) => sum + each, 0) / values.length
  // The square of a mean has its variance too much.
  const squared = (values: number[]) => mean(values) ** 2
  const leftOut = (of: (values: number[]) => number) =>
    Float64Array.from(groups, (_, i) => of(groups.filter((_, j) => j !== i)))
  const variance = groups.reduce((sum, each) => sum + (each - 5) ** 2 / 4, 0)
  const { bias, infinite } = biasedIntervalOf({
    method: 'jackknife',
    value: 25,
    without: leftOut(squared),
  })
  expect(bias).toBeCloseTo(variance / 5, 12)
  expect(infinite.value).toBeCloseTo(25 - variance / 5, 12)
  const { low, high } = intervalOf({ method: 'jackknife', value: 5, without: leftOut(mean) })
  expect(high - 5).toBeCloseTo(2.7764451 * Math.sqrt(variance / 5), 5)
  expect(5 - low).toBeCloseTo(high - 5, 12)
})

test('clips without a number are drawn and do not count', async () => {
  const next = normals(5)
  const pair = (i: number): SpectralPair => ({
    ...{ generated: i, reference: i, lsd: 1, ssim: 1, silence: false },
    psnr: i % 5 === 0 ? Number.POSITIVE_INFINITY : 20 + next(),
  })
  const pairs = Array.from({ length: 40 }, (_, i) => pair(i))
  const [metric] = selectMetrics(['psnr'])
  const outcome = await metric.compute({
    ...{ name: 'psnr', calculator, perClip: false, resampling: resampling(1), pairs },
    rows: () => undefined as never,
    statistics: () => undefined as never,
    prompts: async () => new Map(),
    spectralPairs: async () => pairs,
  })
  const scatter = scatterOf(outcome, 'psnr')
  expect(scatter).toMatchObject({ method: 'bootstrap', clips: 32, value: outcome.values.psnr })
  const { low, high } = intervalOf(scatter)
  expect(high - low).toBeGreaterThan((2 * 1.5) / Math.sqrt(32))
  expect(high - low).toBeLessThan((2 * 3) / Math.sqrt(32))
})

test('the same clips on both sides of a difference cancel', async () => {
  const [a, reference] = [gaussians(normals(1), 40, 4, 0.5), gaussians(normals(2), 50, 4)]
  const next = normals(3)
  const nearly = new Rows(4)
  for (const clip of a.clips())
    nearly.append(
      clip,
      a.of(clip).map((x) => x + 0.02 * next()),
    )
  for (const name of ['kad', 'fd'] as const) {
    const first = scatterOf(await compare(name, a, reference, 9), name)
    const second = scatterOf(await compare(name, nearly, reference, 9), name)
    const alone = intervalOf(first)
    const both = intervalOf(differenceOf(first, second))
    expect(both.high - both.low).toBeLessThan(0.1 * (alone.high - alone.low))
    expect(intervalOf(differenceOf(first, first))).toEqual({ low: 0, high: 0 })
  }
})

/** How many of so many draws have an interval that holds the truth. */
async function held(draws: number, hold: (next: () => number, seed: number) => Promise<boolean>) {
  let count = 0
  for (let i = 0; i < draws; i++) if (await hold(normals(7000 + i), i)) count++
  return count / draws
}

// bench/intervals.mjs measures the same with more draws, and every metric.
describe('of 100 draws, about 95 have an interval that holds the truth', () => {
  const chi = 2 * 3.3566939800333
  const near = (chi / (chi + 2)) ** 2
  // Of N(shift, I) and N(0, I) in 4 dimensions.
  const kadOf = (shift: number) => 200 * near * (1 - Math.exp((-4 * shift ** 2) / (2 * (chi + 2))))

  test.each([
    [0.5, 0.9, 0.99],
    // Where nothing is of first order, it is too wide, but not by √3: that would hold always.
    [0, 0.94, 1],
  ])('kad, sets that are apart by %f', async (shift, least, most) => {
    const truth = kadOf(shift)
    const part = await held(100, async (next, seed) => {
      const sides = [gaussians(next, 60, 4, shift), gaussians(next, 60, 4)] as const
      const { low, high } = intervalOf(scatterOf(await compare('kad', ...sides, seed), 'kad'))
      return low <= truth && truth <= high
    })
    expect(part).toBeGreaterThanOrEqual(least)
    expect(part).toBeLessThanOrEqual(most)
  })

  test('fd and fad at infinity, and not with the bias in', async () => {
    // Σ = I: clips of one row. Σ = 2 I: half of it the clip's.
    for (const [name, frames] of [
      ['fd', 1],
      ['fad', 5],
    ] as const) {
      let raw = 0
      const part = await held(100, async (next, seed) => {
        const sides = [gaussians(next, 60, 8, 0.3, frames), gaussians(next, 60, 8, 0, frames)]
        const outcome = await compare(name, sides[0], sides[1], seed)
        const { low, high, infinite } = biasedIntervalOf(scatterOf(outcome, name) as Jackknife)
        const truth = 8 * 0.3 ** 2
        if (low <= truth && truth <= high) raw++
        return infinite.low <= truth && truth <= infinite.high
      })
      expect(part, name).toBeGreaterThanOrEqual(0.9)
      expect(raw / 100, name).toBeLessThan(0.8)
    }
  })
})
