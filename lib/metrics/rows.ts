/** Rows of float32 that are kept for all clips of a side. */
import { joinArrays } from '../join-arrays.js'
import type { NativeTensor } from '../native/binding.js'
import type { Calculator } from '../native/calculator.js'

export class Rows {
  private readonly chunks: Float32Array[] = []
  /** Clip → [first row, rows]. Clips that were skipped are not in it. */
  private readonly ranges = new Map<number, [first: number, count: number]>()
  private whole: Float32Array | undefined
  count = 0

  constructor(readonly dimension: number) {}

  append(clip: number, rows: Float32Array): void {
    const count = rows.length / this.dimension
    this.ranges.set(clip, [this.count, count])
    this.chunks.push(rows)
    this.count += count
    this.whole = undefined
  }

  clips(): Iterable<number> {
    return this.ranges.keys()
  }

  /** How many rows each clip has, in the order of the rows. */
  countsOfClips(): number[] {
    return [...this.ranges.values()].map(([, count]) => count)
  }

  /** The rows of one clip, not copied. */
  of(clip: number): Float32Array {
    const [first, count] = this.ranges.get(clip) as [number, number]
    return this.all().subarray(first * this.dimension, (first + count) * this.dimension)
  }

  /** All rows, or those of `clips` in that order. The caller frees the tensor. */
  tensor(calculator: Calculator, clips?: number[]): NativeTensor {
    if (clips === undefined) return calculator.tensor(this.all(), [this.count, this.dimension])
    const parts = clips.map((clip) => this.of(clip))
    const data = joinArrays(parts)
    return calculator.tensor(data, [data.length / this.dimension, this.dimension])
  }

  /** In the order in which they were appended, not copied. */
  all(): Float32Array {
    if (this.whole === undefined) {
      this.whole = joinArrays(this.chunks)
      this.chunks.splice(0, this.chunks.length, this.whole)
    }
    return this.whole
  }
}
