import { InvalidWeightsError } from '../errors.js'
import {
  contiguousStrides,
  type DType,
  itemSize,
  type TensorTable,
} from '../native/tensor-table.js'
import { MAX_RANK, numelOf } from './extent.js'
import { type WeightsFile, withFile } from './file.js'
import { type Header, type HeaderEntry, parseHeader } from './safetensors-header.js'

export const MAX_HEADER_BYTES = 100_000_000

export const safetensorsTypes: Record<DType, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
}

const dtypes = new Map(Object.entries(safetensorsTypes).map(([ours, theirs]) => [theirs, ours]))

/** The tensors of a safetensors file. */
export async function readSafetensors(path: string): Promise<TensorTable> {
  return withFile(path, readSafetensorsFrom)
}

/** The `__metadata__` of a safetensors file. */
export async function readSafetensorsMetadata(path: string): Promise<Map<string, string>> {
  return withFile(path, async (file) => (await readHeader(file)).header.metadata)
}

export async function readSafetensorsFrom(file: WeightsFile): Promise<TensorTable> {
  const { header, dataStart } = await readHeader(file)
  const entries = [...header.tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  const table: TensorTable = new Map()
  let position = 0
  for (const [name, entry] of entries) {
    const problem = checkEntry(entry, position)
    if (problem) throw damaged(file.path, `tensor ${JSON.stringify(name)} ${problem}`)
    position = entry.end
    table.set(name, {
      file: file.path,
      offset: dataStart + entry.begin,
      dtype: dtypes.get(entry.dtype) as DType,
      shape: entry.shape,
      strides: contiguousStrides(entry.shape),
    })
  }
  const dataBytes = file.size - dataStart
  if (position > dataBytes) {
    throw damaged(
      file.path,
      `truncated: its tensors take ${position} bytes but ${dataBytes} follow the header`,
      'Download or copy the file again.',
    )
  }
  if (position < dataBytes) {
    throw damaged(
      file.path,
      `its tensors take ${position} bytes but ${dataBytes} follow the header`,
    )
  }
  return table
}

async function readHeader(file: WeightsFile): Promise<{ header: Header; dataStart: number }> {
  if (file.size < 8) throw damaged(file.path, `only ${file.size} bytes long`)
  const length = (await file.read(0, 8)).readBigUInt64LE()
  if (length > MAX_HEADER_BYTES) {
    throw damaged(file.path, `header of ${length} bytes, above the limit of ${MAX_HEADER_BYTES}`)
  }
  const dataStart = 8 + Number(length)
  if (dataStart > file.size) {
    throw damaged(
      file.path,
      `truncated: header of ${length} bytes in a file of ${file.size}`,
      'Download or copy the file again.',
    )
  }
  const bytes = await file.read(8, Number(length))
  try {
    // The decoder must refuse bad UTF-8 and keep a byte order mark, which is no part of JSON.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { header: parseHeader(text, MAX_RANK), dataStart }
  } catch (error) {
    throw damaged(file.path, (error as Error).message)
  }
}

/** What is wrong with an entry that should begin where the one before it ended, if anything. */
function checkEntry({ dtype, shape, begin, end }: HeaderEntry, position: number) {
  const ours = dtypes.get(dtype)
  if (!ours) return `has the element type ${JSON.stringify(dtype)}, which is not supported`
  if (begin > end) return `ends (${end}) before it begins (${begin})`
  if (begin !== position) {
    return `begins at ${begin} where ${position} was expected: tensors overlap or leave a hole`
  }
  const numel = numelOf(shape)
  const bytes = numel === undefined ? Number.NaN : numel * itemSize[ours as DType]
  if (!Number.isSafeInteger(bytes)) return `has a shape [${shape}] that overflows`
  if (bytes !== end - begin)
    return `of shape [${shape}] needs ${bytes} bytes and has ${end - begin}`
  return undefined
}

function damaged(path: string, what: string, hint?: string): InvalidWeightsError {
  return new InvalidWeightsError(`${path}: not a valid safetensors file: ${what}`, [], hint)
}
