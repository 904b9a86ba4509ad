import { InvalidWeightsError } from '../errors.js'
import { itemSize, type TensorSource } from '../native/tensor-table.js'
import type { WeightsFile } from './file.js'
import { MAX_PICKLE_BYTES, readPickle } from './pickle.js'
import { PickleDict, PickleError, PickleSequence, PickleTruncated } from './pickle-values.js'
import { collectTensors, inFile, type TorchContent } from './torch-file.js'
import { findTorchGlobal, loadPersistent, Storage, type TorchTensor } from './torch-objects.js'

/** The number that the first pickle of a legacy file holds. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001

interface Pickles {
  root: unknown
  /** Every storage the pickles refer to, by key. */
  storages: Map<string, Storage>
  /** The order in which the storages follow. */
  keys: string[]
  end: number
}

/**
 * The state dict of a file from before PyTorch 1.6: magic number, protocol, system, object and
 * storage keys, five pickles one after another, then each storage as a count and its elements.
 */
export async function readTorchLegacy(file: WeightsFile): Promise<TorchContent> {
  const { root, storages, keys, end } = await readPickles(file)
  const starts = await locateStorages(file, storages, keys, end)
  return collectTensors(root, file, (tensor) => locate(file, tensor, starts))
}

/** The pickles do not say how long they are: a window grows until they fit. */
async function readPickles(file: WeightsFile): Promise<Pickles> {
  for (let window = 1 << 20; ; window *= 8) {
    const length = Math.min(window, MAX_PICKLE_BYTES, file.size)
    const bytes = await file.read(0, length)
    try {
      return inFile(file, 'not a valid PyTorch file', () => parsePickles(bytes, length < file.size))
    } catch (error) {
      if (!(error instanceof WindowTooSmall) || length === MAX_PICKLE_BYTES) throw error
    }
  }
}

/** The pickles go on behind the window: no fault of the file. */
class WindowTooSmall extends Error {}

function parsePickles(bytes: Buffer, more: boolean): Pickles {
  const storages = new Map<string, Storage>()
  const persistentLoad = (id: unknown) => {
    const value = loadPersistent(id)
    if (value instanceof Storage) remember(storages, value)
    return value
  }
  let end = 0
  const next = (): unknown => {
    try {
      const result = readPickle(bytes, end, { findGlobal: findTorchGlobal, persistentLoad })
      end = result.end
      return result.value
    } catch (error) {
      if (error instanceof PickleTruncated && more) throw new WindowTooSmall()
      throw error
    }
  }
  if (next() !== MAGIC) throw new PickleError('it does not begin with the number PyTorch writes')
  const protocol = next()
  if (protocol !== PROTOCOL) throw new PickleError(`its protocol is not ${PROTOCOL}`)
  const system = next()
  if (!(system instanceof PickleDict) || system.entries.get('little_endian') !== true) {
    throw new PickleError('its byte order is not little-endian')
  }
  const root = next()
  return { root, storages, keys: checkKeys(next(), storages), end }
}

function remember(storages: Map<string, Storage>, storage: Storage): void {
  const known = storages.get(storage.key)
  if (known && (known.numel !== storage.numel || known.type.name !== storage.type.name)) {
    throw new PickleError(`the storage ${storage.key} is described in two ways`)
  }
  storages.set(storage.key, storage)
}

function checkKeys(list: unknown, storages: Map<string, Storage>): string[] {
  if (!(list instanceof PickleSequence)) throw new PickleError('the list of storages is missing')
  const keys = new Set<string>()
  for (const key of list.items) {
    if (typeof key !== 'string' || !storages.has(key) || keys.has(key)) {
      throw new PickleError('the list of storages has an unknown or repeated key')
    }
    keys.add(key)
  }
  if (keys.size !== storages.size) throw new PickleError('the list of storages is incomplete')
  return [...keys]
}

/** First byte of every storage, found without reading their elements. */
async function locateStorages(
  file: WeightsFile,
  storages: Map<string, Storage>,
  keys: string[],
  end: number,
): Promise<Map<string, number>> {
  const starts = new Map<string, number>()
  let at = end
  for (const key of keys) {
    const { numel, type } = storages.get(key) as Storage
    if (!type.dtype) {
      throw new InvalidWeightsError(`${file.path}: the element type ${type.name} is not supported`)
    }
    const count = (await file.read(at, 8)).readBigInt64LE()
    if (count !== BigInt(numel)) {
      throw new InvalidWeightsError(
        `${file.path}: storage ${key} has ${count} elements where its pickle says ${numel}`,
      )
    }
    const next = at + 8 + numel * itemSize[type.dtype]
    if (!(next <= file.size)) {
      throw new InvalidWeightsError(
        `${file.path}: truncated: storage ${key} of ${numel} elements reaches behind its end`,
        [],
        'Download or copy the file again.',
      )
    }
    starts.set(key, at + 8)
    at = next
  }
  return starts
}

function locate(
  file: WeightsFile,
  { storage, dtype, offset, shape, strides }: TorchTensor,
  starts: Map<string, number>,
): TensorSource {
  const start = starts.get(storage.key)
  if (start === undefined || dtype === undefined) {
    throw new PickleError(`the element type ${storage.type.name} is not supported`)
  }
  return { file: file.path, offset: start + offset * itemSize[dtype], dtype, shape, strides }
}
