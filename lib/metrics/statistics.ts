/**
 * Mean and scatter of rows in float64, merged exactly: T. F. Chan, G. H. Golub, R. J. LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances" (1979), on factors F
 * with FᵀF = Σ (x − mean)(x − mean)ᵀ.
 */
import type { NativeTensor } from '../native/binding.js'
import type { Calculator } from '../native/calculator.js'

export interface Statistics {
  /** Rows, not clips. */
  readonly count: number
  /** float64 [d] */
  readonly mean: NativeTensor
  /** float64 [r, d], r ≤ 2d */
  readonly factor: NativeTensor
}

export async function mergeStatistics(
  calculator: Calculator,
  a: Statistics,
  b: Statistics,
): Promise<Statistics> {
  const [mean, factor] = await calculator.run(
    'merge_statistics',
    [a.mean, a.factor, b.mean, b.factor],
    { count1: a.count, count2: b.count },
  )
  return { count: a.count + b.count, mean, factor }
}

export function disposeStatistics(statistics: Statistics | undefined): void {
  statistics?.mean.dispose()
  statistics?.factor.dispose()
}

/** Takes rows as they come; memory is that of one block of rows and one factor. */
export class StatisticsAccumulator {
  private readonly block: Float32Array
  private filled = 0
  private total: Statistics | undefined

  constructor(
    private readonly calculator: Calculator,
    readonly dimension: number,
  ) {
    // Blocks as tall as wide make the merging cheap beside the networks.
    this.block = new Float32Array(Math.max(1024, dimension) * dimension)
  }

  async add(rows: Float32Array): Promise<void> {
    for (let at = 0; at < rows.length; ) {
      const piece = rows.subarray(at, at + this.block.length - this.filled)
      this.block.set(piece, this.filled)
      this.filled += piece.length
      at += piece.length
      if (this.filled === this.block.length) await this.flush()
    }
  }

  async merge(statistics: Statistics): Promise<void> {
    await this.flush()
    await this.include(statistics)
  }

  /** Of all that was added; undefined when that was nothing. The caller frees it. */
  async finish(): Promise<Statistics | undefined> {
    await this.flush()
    const { total } = this
    this.total = undefined
    return total
  }

  dispose(): void {
    disposeStatistics(this.total)
    this.total = undefined
  }

  private async flush(): Promise<void> {
    if (this.filled === 0) return
    const count = this.filled / this.dimension
    const rows = this.calculator.tensor(this.block.slice(0, this.filled), [count, this.dimension])
    this.filled = 0
    const [mean, factor] = await this.calculator.run('statistics', [rows])
    rows.dispose()
    await this.include({ count, mean, factor })
  }

  private async include(part: Statistics): Promise<void> {
    const { total } = this
    if (total === undefined) {
      this.total = part
      return
    }
    this.total = await mergeStatistics(this.calculator, total, part)
    disposeStatistics(total)
    disposeStatistics(part)
  }
}
