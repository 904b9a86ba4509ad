import type { DType } from '../native/tensor-table.js'
import { Known, Opaque, PickleError, PickleSequence } from './pickle-values.js'

/** A NumPy element type, as `dtype('f4')` with a byte order set afterwards. */
class NumpyType {
  byteOrder = '|'

  constructor(readonly code: string) {}

  setState(state: unknown): void {
    const order = state instanceof PickleSequence ? state.items[1] : undefined
    if (typeof order === 'string') this.byteOrder = order
  }
}

/** A NumPy array as data. Its fields are undefined until the state that carries them arrives. */
export class NumpyArray {
  dtype?: DType
  shape?: number[]
  /** In the order that `fortran` says, little-endian. */
  data?: Buffer
  fortran = false

  setState(state: unknown): void {
    if (!(state instanceof PickleSequence)) return
    const [, shape, type, fortran, data] = state.items
    if (!(shape instanceof PickleSequence) || !(type instanceof NumpyType)) return
    if (type.byteOrder === '>' || !Buffer.isBuffer(data)) return
    this.dtype = dtypes.get(type.code)
    this.shape = shape.items.map(Number)
    this.fortran = fortran === true
    this.data = data
  }
}

const dtypes = new Map<string, DType>([
  ['f8', 'float64'],
  ['f4', 'float32'],
  ['f2', 'float16'],
  ['i8', 'int64'],
  ['i4', 'int32'],
  ['i2', 'int16'],
  ['i1', 'int8'],
  ['u1', 'uint8'],
  ['b1', 'bool'],
])

const globals = new Map<string, Known | Opaque>([
  ['numpy.dtype', new Known('numpy.dtype', makeType)],
  ['numpy.ndarray', new Opaque('numpy.ndarray')],
  ['multiarray._reconstruct', new Known('numpy._reconstruct', () => new NumpyArray())],
  ['multiarray.scalar', new Known('numpy.scalar', makeScalar)],
  ['numeric._frombuffer', new Known('numpy._frombuffer', fromBuffer)],
])

/** What NumPy's pickles name, under the module paths of NumPy 1 and 2. */
export function numpyGlobal(module: string, name: string): Known | Opaque | undefined {
  return globals.get(`${module.replace(/^numpy\._?core\./, '')}.${name}`)
}

function makeType([code]: unknown[]): NumpyType {
  return new NumpyType(String(typeof code === 'string' ? code : ''))
}

function fromBuffer([data, type, shape, order]: unknown[]): NumpyArray {
  const array = new NumpyArray()
  array.setState(new PickleSequence([1, shape, type, order === 'F', data]))
  return array
}

function makeScalar([type, data]: unknown[]): unknown {
  if (!(type instanceof NumpyType)) throw new PickleError('a NumPy scalar without a type')
  const other = new Opaque('numpy scalar')
  if (!Buffer.isBuffer(data) || type.byteOrder === '>') return other
  const size = Number(type.code.slice(1))
  if (data.length !== size) return other
  switch (type.code) {
    case 'f8':
      return data.readDoubleLE()
    case 'f4':
      return data.readFloatLE()
    case 'b1':
      return data[0] !== 0
    case 'i8':
      return narrow(data.readBigInt64LE())
    case 'u8':
      return narrow(data.readBigUInt64LE())
    case 'i4':
    case 'i2':
    case 'i1':
      return data.readIntLE(0, size)
    case 'u4':
    case 'u2':
    case 'u1':
      return data.readUIntLE(0, size)
    default:
      return other
  }
}

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
