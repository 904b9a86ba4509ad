import { itemSize, type TensorSource } from '../native/tensor-table.js'

/** libtorch's own limit on the number of dimensions. */
export const MAX_RANK = 64

/** Product of the sizes, or undefined when it is not a safe integer. */
export function numelOf(shape: number[]): number | undefined {
  if (shape.includes(0)) return 0
  let numel = 1
  for (const size of shape) {
    numel *= size
    if (!Number.isSafeInteger(numel)) return undefined
  }
  return numel
}

/**
 * One more than the largest element index a view reaches from its own first element (0 for an
 * empty view), or undefined when that is not a safe integer.
 */
export function reachOf(shape: number[], strides: number[]): number | undefined {
  if (shape.includes(0)) return 0
  let reach = 1
  for (let i = 0; i < shape.length; i++) {
    reach += (shape[i] - 1) * strides[i]
    if (!Number.isSafeInteger(reach)) return undefined
  }
  return reach
}

/** Whether the elements lie in row-major order without gaps. */
export function isContiguous({ shape, strides }: TensorSource): boolean {
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) return shape.includes(0)
    step *= shape[i]
  }
  return true
}

/** Bytes of the tensor once contiguous. The table's sources are known not to overflow. */
export function byteLengthOf(source: Pick<TensorSource, 'shape' | 'dtype'>): number {
  return source.shape.reduce((a, b) => a * b, 1) * itemSize[source.dtype]
}
