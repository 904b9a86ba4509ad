import { InvalidWeightsError } from '../errors.js'
import type { TensorSource } from '../native/tensor-table.js'
import { byteLengthOf } from './extent.js'
import { readTensorBytes } from './gather.js'

export type TensorValues =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array

const MAX_BYTES = 256 << 20

/**
 * The elements of a small tensor, row-major. Half precision widens to Float32Array, booleans come
 * as 0 and 1 in a Uint8Array. Large tensors belong to the core, which maps them: they are refused.
 */
export async function readTensor(source: TensorSource): Promise<TensorValues> {
  const bytes = byteLengthOf(source)
  if (!(bytes <= MAX_BYTES)) {
    throw new InvalidWeightsError(`${source.file}: a tensor of ${bytes} bytes is too large to read`)
  }
  const { buffer, byteOffset, byteLength } = await readTensorBytes(source)
  // A copy, because a Buffer may lie at an odd place in a shared pool.
  const raw = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  switch (source.dtype) {
    case 'float64':
      return new Float64Array(raw)
    case 'float32':
      return new Float32Array(raw)
    case 'float16':
      return Float32Array.from(new Uint16Array(raw), halfToFloat)
    case 'bfloat16':
      return new Float32Array(Uint32Array.from(new Uint16Array(raw), (bits) => bits << 16).buffer)
    case 'int64':
      return new BigInt64Array(raw)
    case 'int32':
      return new Int32Array(raw)
    case 'int16':
      return new Int16Array(raw)
    case 'int8':
      return new Int8Array(raw)
    default:
      return new Uint8Array(raw)
  }
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}
