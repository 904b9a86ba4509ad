import type { Calculator } from '../native/calculator.js'
import type { FeatureSource, MetricContext } from './context.js'
import { biasedIntervalOf, type Jackknife } from './interval.js'
import { rowsOfClips, type Scatter } from './resampling.js'
import type { Statistics } from './statistics.js'

/**
 * The squared Fréchet distance between the Gaussians of two sets of rows,
 * ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), Σ with ddof 1. D. C. Dowson, B. V. Landau, "The Fréchet
 * distance between multivariate normal distributions" (1982).
 */
export async function frechetDistance(
  calculator: Calculator,
  a: Statistics,
  b: Statistics,
): Promise<number> {
  const [distance] = await calculator.numbers(
    'frechet_distance',
    [a.mean, a.factor, b.mean, b.factor],
    { count1: a.count, count2: b.count },
  )
  return distance
}

/** What should be said of a distance between covariances that lack rank. */
export function fewRows(name: string, what: string, a: Statistics, b: Statistics): string[] {
  const [rows, dimension] = [Math.min(a.count, b.count), a.mean.shape[0]]
  if (rows > dimension) return []
  return [
    `${name}: ${rows} ${what} are few for ${dimension} dimensions: it is too high, and compares only ` +
      'with sets of as many',
  ]
}

/** Of half of them there is a covariance. */
const fewest = 4

/** Of fewer clips, halves and groups are as steep as each other: nothing is seen of a bend. */
const fewestToSee = 32

/**
 * Where intervals are wanted: the distance without each of a few groups of clips, for a bootstrap of
 * a thousand would take a thousand decompositions, and what is drawn twice makes covariances of fewer
 * clips. NaN where there are too few clips.
 */
export async function frechetScatter(
  { calculator, resampling, rows, statistics }: MetricContext,
  source: FeatureSource,
  value: number,
): Promise<{ scatter?: Scatter; warnings: string[] }> {
  if (resampling === undefined) return { warnings: [] }
  const { seeds, reference: drawn } = resampling
  const sides = [rows('generated', source), ...(drawn ? [rows('reference', source)] : [])]
  const counts = sides.map((side) => side.countsOfClips().length)
  const groups = Math.min(resampling.groups, ...counts)
  if (Math.min(...counts) < fewest) {
    const without = Float64Array.of(Number.NaN, Number.NaN)
    return { scatter: { method: 'jackknife', value, without }, warnings: [steep] }
  }
  const inputs = sides.flatMap((side) => [side.tensor(calculator), rowsOfClips(calculator, side)])
  const fixed = drawn ? undefined : statistics('reference', source)
  const leaveOut = (count: number) =>
    calculator.numbers(
      'frechet_jackknife',
      [...inputs, ...(fixed ? [fixed.mean, fixed.factor] : [])],
      {
        groups: count,
        seed_generated: seeds.generated,
        seed_reference: seeds.reference,
        count_reference: fixed?.count ?? 0,
      },
    )
  const scatter = { method: 'jackknife', value, without: await leaveOut(groups) } as const
  const halves = { method: 'jackknife', value, without: await leaveOut(2) } as const
  for (const input of inputs) input.dispose()
  const doubted = Math.min(...counts) < fewestToSee || stillSteep(scatter, halves)
  return { scatter, warnings: doubted ? [steep] : [] }
}

/** Whether halves of the clips show another bias of 1/N than a few of them do. */
function stillSteep(groups: Jackknife, halves: Jackknife): boolean {
  const { bias, infinite } = biasedIntervalOf(groups)
  return Math.abs(biasedIntervalOf(halves).bias - bias) > (infinite.high - infinite.low) / 2
}

const steep =
  'its bias does not yet fall as 1/N with so few clips: do not trust the value at infinity'
