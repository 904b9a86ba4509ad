import { contiguousStrides, type DType, itemSize } from '../native/tensor-table.js'
import { MAX_RANK, numelOf, reachOf } from './extent.js'
import { findCommonGlobal } from './pickle-globals.js'
import { Known, Opaque, PickleError, PickleSequence } from './pickle-values.js'

/** A storage as a pickle refers to it; where its bytes lie is for the container to say. */
export class Storage {
  constructor(
    readonly key: string,
    readonly type: StorageType,
    /** In elements, as claimed by the pickle. */
    readonly numel: number,
    /** First element within the storage of that key, for the views that old files store. */
    readonly start: number,
  ) {}
}

export class TorchTensor {
  constructor(
    readonly storage: Storage,
    readonly dtype: DType | undefined,
    /** In elements of `dtype`, from the start of the storage's record. */
    readonly offset: number,
    readonly shape: number[],
    readonly strides: number[],
  ) {}
}

/** A class such as `torch.FloatStorage`: a name that persistent ids use, never called. */
class StorageType {
  constructor(
    readonly name: string,
    /** Undefined for element types we have no use for, such as complex numbers. */
    readonly dtype: DType | undefined,
  ) {}
}

const storageTypes: [string, DType][] = [
  ['DoubleStorage', 'float64'],
  ['FloatStorage', 'float32'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
  // Bytes whose element type a tensor names itself.
  ['UntypedStorage', 'uint8'],
  ['_UntypedStorage', 'uint8'],
]

const dtypeNames = new Map<string, DType>([
  ...(Object.keys(itemSize) as DType[]).map((name): [string, DType] => [name, name]),
  ['double', 'float64'],
  ['float', 'float32'],
  ['half', 'float16'],
  ['long', 'int64'],
  ['int', 'int32'],
  ['short', 'int16'],
])

const otherDtypes =
  /^(complex\d+|cfloat|cdouble|chalf|u?int\d+|q\w+|float8\w*|float4\w*|bits\w+|strided|sparse_\w+|\w+_format|per_\w+_affine)$/

const rebuild = new Map<string, Known>(
  [
    new Known('torch._utils._rebuild_tensor', rebuildTensor),
    new Known('torch._utils._rebuild_tensor_v2', rebuildTensor),
    new Known('torch._utils._rebuild_tensor_v3', (args) => rebuildTensor(args, args[6])),
    new Known('torch._utils._rebuild_parameter', ([tensor]) => tensor),
    new Known('torch._utils._rebuild_parameter_with_state', ([tensor]) => tensor),
    new Known('torch._tensor._rebuild_from_type_v2', rebuildFromType),
    new Known('torch.device', () => new Opaque('torch.device')),
  ].map((value) => [value.name, value]),
)

/** What a global stands for in a PyTorch file. */
export function findTorchGlobal(module: string, name: string): unknown {
  if (module === 'torch' || module === 'torch.cuda' || module === 'torch.storage') {
    const storage = storageTypes.find(([type]) => type === name)
    if (storage) return new StorageType(...storage)
    if (/^[A-Za-z0-9_]+Storage$/.test(name)) return new StorageType(name, undefined)
  }
  if (module === 'torch') {
    const dtype = dtypeNames.get(name)
    if (dtype) return dtype
    if (otherDtypes.test(name)) return new Opaque(`torch.${name}`)
  }
  return rebuild.get(`${module}.${name}`) ?? findCommonGlobal(module, name)
}

/** A persistent id: ('storage', type, key, location, numel) and, in old files, a view of it. */
export function loadPersistent(id: unknown): unknown {
  if (!(id instanceof PickleSequence)) throw new PickleError('a malformed persistent id')
  const [tag, type, key, , numel, view] = id.items
  // Old files carry the source code of module classes along. It is dropped with them.
  if (tag === 'module') return new Opaque('module')
  if (tag !== 'storage' || !(type instanceof StorageType) || id.items.length < 5) {
    throw new PickleError('a malformed persistent id')
  }
  if (typeof key !== 'string' || key === '' || /[\0/\\]/.test(key)) {
    throw new PickleError('a storage whose key is not a plain name')
  }
  const length = size(numel, 'the length of a storage')
  return new Storage(key, type, length, startOf(view, length))
}

/** A tensor's offset counts from the view, its bounds are those of the whole storage. */
function startOf(view: unknown, numel: number): number {
  if (view === undefined || view === null) return 0
  if (!(view instanceof PickleSequence)) throw new PickleError('a malformed storage view')
  const start = size(view.items[1], 'the offset of a storage view')
  const length = size(view.items[2], 'the length of a storage view')
  if (start + length > numel) throw new PickleError('a storage view outside its storage')
  return start
}

function rebuildTensor(args: unknown[], type?: unknown): TorchTensor | Opaque {
  const [storage, offset, shapeArg, stridesArg] = args
  if (!(storage instanceof Storage)) throw new PickleError('a tensor without a storage')
  const shape = sizes(shapeArg, 'the shape of a tensor')
  const strides = sizes(stridesArg, 'the strides of a tensor')
  if (shape.length !== strides.length || shape.length > MAX_RANK) {
    throw new PickleError('a tensor whose strides do not fit its shape')
  }
  const first = size(offset, 'the offset of a tensor') + storage.start
  const dtype = type === undefined ? storage.type.dtype : dtypeNames.get(String(type))
  const claimed =
    type === undefined || dtype === undefined
      ? storage.numel
      : Math.floor(storage.numel / itemSize[dtype])
  const reach = reachOf(shape, strides)
  if (numelOf(shape) === undefined || reach === undefined || first + reach > claimed) {
    throw new PickleError(
      `a tensor of shape [${shape}], strides [${strides}] and offset ${first} ` +
        `reaches outside its storage of ${claimed} elements`,
    )
  }
  return new TorchTensor(
    storage,
    dtype,
    first,
    shape,
    shape.includes(0) ? contiguousStrides(shape) : strides,
  )
}

/** A tensor with Python attributes, or of a subclass: (function, class, arguments, state). */
function rebuildFromType([callee, , args]: unknown[]): unknown {
  if (callee instanceof Known && args instanceof PickleSequence) return callee.apply(args.items)
  return new Opaque('tensor subclass')
}

function sizes(value: unknown, what: string): number[] {
  if (!(value instanceof PickleSequence)) throw new PickleError(`${what} is not a tuple`)
  if (value.items.length > MAX_RANK) throw new PickleError(`${what} has too many dimensions`)
  return value.items.map((item) => size(item, what))
}

function size(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new PickleError(`${what} is not a non-negative integer below 2^53`)
  }
  return value
}
