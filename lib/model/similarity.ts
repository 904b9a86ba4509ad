/** How alike embeddings are. */
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'
import { Tensor, type TensorData } from '../tensor.js'

/**
 * Cosine similarities, −1 … 1, of every row of `a` [N, width] with every row of `b` [M, width], as
 * N lists of M. Computed in float64.
 */
export async function cosineSimilarity(a: Tensor, b: Tensor): Promise<number[][]> {
  const [rows, others] = [await unitRows('a', a), await unitRows('b', b)]
  if (rows[0].length !== others[0].length) {
    const widths = `rows of ${rows[0].length} and of ${others[0].length}`
    throw new InvalidOptionError('b', `cannot be compared with a: ${widths}`)
  }
  return rows.map((row) => others.map((other) => Math.max(-1, Math.min(1, dot(row, other)))))
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Length 1; zeros stay zeros. */
export function unit(row: ArrayLike<number>): Float64Array {
  const norm = Math.sqrt(dot(row, row))
  return Float64Array.from(row, (value) => (norm === 0 ? 0 : value / norm))
}

async function unitRows(option: string, tensor: Tensor): Promise<Float64Array[]> {
  if (!(tensor instanceof Tensor)) {
    throw new InvalidOptionError(option, `expected a tensor, got ${show(tensor)}`)
  }
  const { shape } = tensor
  if (shape.length !== 2 || shape.includes(0)) {
    throw new InvalidOptionError(option, `expected [rows, width], got [${shape.join(', ')}]`)
  }
  const data: TensorData = await tensor.data()
  const width = shape[1]
  return Array.from({ length: shape[0] }, (_, i) => {
    return unit(Array.from(data.subarray(i * width, (i + 1) * width), Number))
  })
}
