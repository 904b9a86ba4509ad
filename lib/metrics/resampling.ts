/**
 * How far a number would be another one if the clips were others of the same kind: clips are drawn
 * anew with replacement (bootstrap), or left out group by group (jackknife).
 */
import type { NativeTensor } from '../native/binding.js'
import type { Calculator } from '../native/calculator.js'
import type { Rows } from './rows.js'

/** A distance without each of them is affordable; more would narrow an interval by 6 % at most. */
export const mostGroups = 20

export interface Resampling {
  /** Samples of the bootstrap. */
  replicates: number
  /** Of the jackknife, or one a clip where there are fewer. */
  groups: number
  /** Pairs, and clips with prompts, are drawn as generated clips are. */
  seeds: { generated: number; reference: number }
  /** False where the reference is saved statistics, without clips that could be drawn. */
  reference: boolean
}

/** Sets with the same seeds and as many clips differ in the same way: their scatters can be subtracted. */
export type Scatter =
  | {
      method: 'bootstrap'
      value: number
      /** How many were drawn, on the side that has fewer. */
      clips: number
      /** By how much the value of each replicate differs. */
      deviations: Float64Array
      /** What of them is of second order, in a metric of pairs within a set: see `deviationsOf`. */
      secondOrder?: Float64Array
    }
  | {
      method: 'jackknife'
      value: number
      /** The value without each of the groups. */
      without: Float64Array
    }

/** That of `a.value - b.value`, both sampled with the same seeds, or with seeds of their own. */
export function differenceOf(a: Scatter, b: Scatter): Scatter {
  const value = a.value - b.value
  if (a.method === 'jackknife' && b.method === 'jackknife') {
    return { method: 'jackknife', value, without: subtract(a.without, b.without) }
  }
  if (a.method === 'bootstrap' && b.method === 'bootstrap') {
    return {
      method: 'bootstrap',
      value,
      clips: Math.min(a.clips, b.clips),
      deviations: subtract(a.deviations, b.deviations),
      ...(a.secondOrder &&
        b.secondOrder && { secondOrder: subtract(a.secondOrder, b.secondOrder) }),
    }
  }
  throw new TypeError('two scatters of one metric were computed by different methods')
}

function subtract(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i])
}

/**
 * Of means over clips: `columns` of as many numbers, NaN where a clip has none. Means of clips that
 * have one are drawn from all.
 */
export async function scatterOfMeans(
  calculator: Calculator,
  columns: ArrayLike<number>[],
  { replicates, seeds }: Resampling,
): Promise<Scatter[]> {
  const [{ length: clips }] = columns
  const width = columns.length
  const values = new Float64Array(clips * width)
  columns.forEach((column, k) => {
    for (let i = 0; i < clips; i++) values[i * width + k] = column[i]
  })
  const input = calculator.tensor(values, [clips, width])
  const parameters = { replicates, seed: seeds.generated }
  const means = await calculator.numbers('bootstrap_means', [input], parameters)
  input.dispose()
  return columns.map((column, k) => {
    const there = Array.from(column).filter((value) => !Number.isNaN(value))
    const value = there.reduce((sum, each) => sum + each, 0) / there.length
    const deviations = Float64Array.from(
      { length: replicates },
      (_, i) => means[i * width + k] - value,
    )
    return { method: 'bootstrap', value, clips: there.length, deviations }
  })
}

/** Of a discrepancy of two sets, from [replicates, 2] as `kernel_bootstrap` gives them. */
export function scatterOfDiscrepancy(value: number, clips: number, parts: Float64Array): Scatter {
  const column = (k: number) =>
    Float64Array.from({ length: parts.length / 2 }, (_, i) => parts[2 * i + k])
  const [first, secondOrder] = [column(0), column(1)]
  const deviations = first.map((each, i) => each + secondOrder[i])
  return { method: 'bootstrap', value, clips, deviations, secondOrder }
}

/** What native operations take to draw the clips of two sets. */
export function drawsOf({ replicates, seeds }: Resampling): Record<string, number> {
  return { replicates, seed_generated: seeds.generated, seed_reference: seeds.reference }
}

/** How many rows each clip has, for native operations. The caller frees it. */
export function rowsOfClips(calculator: Calculator, rows: Rows): NativeTensor {
  const counts = rows.countsOfClips()
  return calculator.tensor(Float64Array.from(counts), [counts.length])
}
