/** Where rows that the frozen parts compute are kept, by key. */
import type { NativeTensor, NativeTensorConstructor } from '../../native/binding.js'

export interface Row {
  /** sha256 in hexadecimal of all that the row follows from. */
  key: string
  data: Float32Array
}

export interface RowStore {
  /** Needed before rows are appended. */
  lock(signal: AbortSignal, onWait: (holder: string) => void): Promise<void>
  /** The row's number; undefined where it is not there. */
  find(key: string): number | undefined
  append(rows: readonly Row[]): Promise<void>
  /** All rows, [rows, …]. The caller disposes it. */
  tensor(native: NativeTensorConstructor): NativeTensor
  /** One row, […]. The caller disposes it. */
  rowTensor(native: NativeTensorConstructor, number: number): NativeTensor
  close(): Promise<void>
}

/** Rows that are kept for a run alone. */
export class MemoryRows implements RowStore {
  readonly #shape: readonly number[]
  readonly #numbers = new Map<string, number>()
  readonly #rows: Float32Array[] = []

  constructor(shape: readonly number[]) {
    this.#shape = shape
  }

  async lock(): Promise<void> {}

  find(key: string): number | undefined {
    return this.#numbers.get(key)
  }

  async append(rows: readonly Row[]): Promise<void> {
    for (const { key, data } of rows) this.#numbers.set(key, this.#rows.push(data) - 1)
  }

  row(number: number): Float32Array {
    return this.#rows[number]
  }

  tensor(native: NativeTensorConstructor): NativeTensor {
    return tensorOf(native, this.#rows, this.#shape)
  }

  rowTensor(native: NativeTensorConstructor, number: number): NativeTensor {
    return native.from(this.#rows[number], [...this.#shape])
  }

  async close(): Promise<void> {}
}

export function tensorOf(
  native: NativeTensorConstructor,
  rows: readonly Float32Array[],
  shape: readonly number[],
): NativeTensor {
  const size = shape.reduce((product, n) => product * n, 1)
  const all = new Float32Array(rows.length * size)
  for (const [i, row] of rows.entries()) all.set(row, i * size)
  return native.from(all, [rows.length, ...shape])
}
