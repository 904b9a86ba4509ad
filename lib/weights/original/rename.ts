import { itemSize, type TensorSource, type TensorTable } from '../../native/tensor-table.js'

/** How one tensor of a hub folder comes out of an original checkpoint. */
export interface Rename {
  /** Name in the checkpoint, below its part's prefix. */
  from: string
  /** Name in the hub folder. */
  to: string
  /** Shape in the checkpoint. */
  shape: number[]
  /** What the hub folder takes of it; everything where absent. */
  view?: (source: TensorSource) => TensorSource
}

/** Renames of tensors that keep their shapes: hub names and shapes, and the original's names. */
export function renameAll(tensors: Map<string, number[]>, from: (to: string) => string): Rename[] {
  return [...tensors].map(([to, shape]) => ({ from: from(to), to, shape }))
}

/** [C, C, 1, 1], a convolution in the original, as [C, C]. */
export function squeeze(source: TensorSource): TensorSource {
  return { ...source, shape: source.shape.slice(0, 2), strides: source.strides.slice(0, 2) }
}

/** The `index`-th third of the rows: query, key or value of a joint projection. */
export function third(index: number): (source: TensorSource) => TensorSource {
  return (source) => {
    const [rows, ...rest] = source.shape
    const skipped = (rows / 3) * index * source.strides[0] * itemSize[source.dtype]
    return { ...source, offset: source.offset + skipped, shape: [rows / 3, ...rest] }
  }
}

/** What the checkpoint must hold for these renames: name → shape. */
export function expectedBy(renames: Rename[]): Map<string, number[]> {
  return new Map(renames.map(({ from, shape }) => [from, shape]))
}

/** The hub's table, from one that has been checked to hold what is expected. */
export function applyRenames(renames: Rename[], checkpoint: TensorTable): TensorTable {
  return new Map(
    renames.map(({ from, to, view }) => {
      const source = checkpoint.get(from) as TensorSource
      return [to, view ? view(source) : source]
    }),
  )
}

/** Shapes of a part of a checkpoint by name, as far as it has them. */
export type ShapeOf = (name: string) => number[] | undefined

/** Reads sizes off shapes; notes what is missing, so that all of it can be told at once. */
export class Shapes {
  readonly missing: string[] = []

  constructor(private readonly shapeOf: ShapeOf) {}

  has(name: string): boolean {
    return this.shapeOf(name) !== undefined
  }

  /** Size of one axis, or 0 where there is no such tensor or axis. */
  size(name: string, axis: number): number {
    const size = this.shapeOf(name)?.[axis]
    if (size === undefined) this.missing.push(name)
    return size ?? 0
  }

  /** How many of name(0), name(1), … there are. */
  count(name: (index: number) => string): number {
    let index = 0
    while (this.has(name(index))) index++
    return index
  }
}
