/** What the bytes of tensors say, read once from end to end. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { AbortError } from '../errors.js'
import type { DType, TensorSource, TensorTable } from '../native/tensor-table.js'
import { withFile } from '../weights/file.js'
import { readContiguous } from '../weights/gather.js'
import type { TensorBytes } from '../weights/safetensors-writer.js'

/**
 * sha256 over names, types, shapes and elements, by name: the same for the same weights, whatever
 * container they lie in.
 */
export async function hashTensors(tensors: TensorTable, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await readThrough(tensors, signal, {
    begin: (name, source) => hash.update(headOf(name, source)),
    piece: (bytes) => hash.update(bytes),
  })
  return hash.digest('hex')
}

/** That of tensors which are in memory, as they will be in a file. */
export function hashTensorBytes(tensors: readonly [string, TensorBytes][]): string {
  const hash = createHash('sha256')
  const byName = new Map(tensors)
  for (const name of [...byName.keys()].sort()) {
    const tensor = byName.get(name) as TensorBytes
    const { buffer, byteOffset, byteLength } = tensor.data
    hash.update(headOf(name, tensor)).update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}

function headOf(name: string, { dtype, shape }: Pick<TensorSource, 'dtype' | 'shape'>): string {
  return `${JSON.stringify([name, dtype, shape])}\n`
}

/** sha256 over the bytes of a file. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (signal?.aborted) throw new AbortError(signal.reason)
    hash.update(piece)
  }
  return hash.digest('hex')
}

/** One hash over parts that are text or become it. */
export function combine(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** The tensors that hold NaN or infinity, to say why results do. */
export async function nonFiniteTensors(tensors: TensorTable): Promise<string[]> {
  const found = new Set<string>()
  let current = ''
  let test: ((bytes: Buffer) => boolean) | undefined
  await readThrough(tensors, undefined, {
    begin: (name, { dtype }) => {
      current = name
      test = nonFinite[dtype]
    },
    piece: (bytes) => {
      if (test?.(bytes)) found.add(current)
    },
  })
  return [...found]
}

/** An exponent of all ones is NaN or infinity. */
const exponentBits =
  (size: number, mask: number) =>
  (bytes: Buffer): boolean => {
    // The top two bytes of a little-endian float hold sign and exponent.
    for (let at = size - 2; at < bytes.length; at += size) {
      if ((bytes.readUInt16LE(at) & mask) === mask) return true
    }
    return false
  }

const nonFinite: Partial<Record<DType, (bytes: Buffer) => boolean>> = {
  float64: exponentBits(8, 0x7ff0),
  float32: exponentBits(4, 0x7f80),
  bfloat16: exponentBits(2, 0x7f80),
  float16: exponentBits(2, 0x7c00),
}

async function readThrough(
  tensors: TensorTable,
  signal: AbortSignal | undefined,
  reader: { begin(name: string, source: TensorSource): void; piece(bytes: Buffer): void },
): Promise<void> {
  for (const name of [...tensors.keys()].sort()) {
    const source = tensors.get(name) as TensorSource
    reader.begin(name, source)
    await withFile(source.file, async (file) => {
      for await (const piece of readContiguous(file, source)) {
        if (signal?.aborted) throw new AbortError(signal.reason)
        reader.piece(piece)
      }
    })
  }
}
