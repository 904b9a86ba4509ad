import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AbortError, AudioLDMError } from '../errors.js'
import { outputError } from '../files/write-file.js'
import { type DType, itemSize, type TensorSource } from '../native/tensor-table.js'
import { byteLengthOf } from './extent.js'
import { WeightsFile } from './file.js'
import { readContiguous } from './gather.js'
import { safetensorsTypes } from './safetensors.js'

/** A tensor in memory: its bytes in row-major order, little-endian. */
export interface TensorBytes {
  dtype: DType
  shape: number[]
  data: ArrayBufferView
}

export interface WriteOptions {
  /** Becomes `__metadata__`; `{ format: 'pt' }`, which transformers insists on, unless given. */
  metadata?: Record<string, string>
  /** Called after every piece with the bytes of it. */
  onBytes?: (bytes: number) => void
  signal?: AbortSignal
}

/**
 * Writes a safetensors file from tensors in memory and tensors of other files, which are streamed
 * and made contiguous but keep their type. The file appears whole under its name or not at all:
 * it is written beside, synced and renamed, so even a source file may be replaced.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<[string, TensorSource | TensorBytes]>,
  options: WriteOptions = {},
): Promise<void> {
  const entries = [...tensors].sort(byAlignmentThenName)
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`,
  )
  try {
    const out = await open(temporary, 'wx')
    try {
      await writeAll(out, encodeHeader(entries, options.metadata ?? { format: 'pt' }))
      await writeTensors(out, entries, options)
      await out.sync()
    } finally {
      await out.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error instanceof AudioLDMError || error instanceof TypeError
      ? error
      : outputError(path, error)
  }
}

async function writeTensors(
  out: FileHandle,
  entries: [string, TensorSource | TensorBytes][],
  { onBytes, signal }: WriteOptions,
): Promise<void> {
  let source: WeightsFile | undefined
  const write = async (piece: Uint8Array) => {
    if (signal?.aborted) throw new AbortError()
    await writeAll(out, piece)
    onBytes?.(piece.byteLength)
  }
  try {
    for (const [name, tensor] of entries) {
      if ('data' in tensor) {
        const { buffer, byteOffset, byteLength } = tensor.data
        if (byteLength !== byteLengthOf(tensor)) {
          throw new TypeError(`${name}: ${byteLength} bytes do not make a shape [${tensor.shape}]`)
        }
        await write(new Uint8Array(buffer, byteOffset, byteLength))
        continue
      }
      if (source?.path !== tensor.file) {
        await source?.close()
        source = undefined
        source = await WeightsFile.open(tensor.file)
      }
      for await (const piece of readContiguous(source, tensor)) await write(piece)
    }
  } finally {
    await source?.close()
  }
}

function encodeHeader(
  entries: [string, TensorSource | TensorBytes][],
  metadata: Record<string, string>,
): Buffer {
  const names = new Set<string>()
  const members = [`"__metadata__":${JSON.stringify(metadata)}`]
  let position = 0
  for (const [name, { dtype, shape, ...tensor }] of entries) {
    if (names.has(name)) throw new TypeError(`the tensor ${name} is given twice`)
    names.add(name)
    const end = position + byteLengthOf({ dtype, shape, ...tensor })
    const entry = { dtype: safetensorsTypes[dtype], shape, data_offsets: [position, end] }
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`)
    position = end
  }
  const json = Buffer.from(`{${members.join(',')}}`)
  // Spaces bring the data to a multiple of eight, so that every tensor is aligned in the file.
  const padded = Math.ceil(json.length / 8) * 8
  const header = Buffer.alloc(8 + padded, ' ')
  header.writeBigUInt64LE(BigInt(padded), 0)
  json.copy(header, 8)
  return header
}

/** Wide elements first keeps all aligned; names in code point order make the file reproducible. */
function byAlignmentThenName(
  [nameA, a]: [string, TensorSource | TensorBytes],
  [nameB, b]: [string, TensorSource | TensorBytes],
): number {
  return itemSize[b.dtype] - itemSize[a.dtype] || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0)
}

/** `FileHandle.write` may write less than it was given, as when a disk fills up. */
async function writeAll(out: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await out.write(bytes, done)).bytesWritten
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
