/** Element types a weights file may hold, under libtorch's names. */
export type DType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool'

/** Where a tensor lies on disk. The core maps the file and views it; nothing is read here. */
export interface TensorSource {
  file: string
  /** First byte of element 0, counted from the start of the file; may be unaligned. */
  offset: number
  dtype: DType
  shape: number[]
  /** In elements, non-negative; 0 and overlapping views are legal. */
  strides: number[]
}

/** All tensors of one model part, whatever files and formats they came from. */
export type TensorTable = Map<string, TensorSource>

export const itemSize: Record<DType, number> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
}

/** Strides of a contiguous, row-major tensor of this shape. */
export function contiguousStrides(shape: number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]
  }
  return strides
}
