/**
 * SHA-256 of the tensors of a file, by which a flipped bit or an exchanged tensor is told: of each, in
 * the order of the names, `name dtype shape` with a line's end, and then its bytes.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { itemSize, type TensorTable } from '../../native/tensor-table.js'
import type { TensorBytes } from '../../weights/safetensors-writer.js'

export function digestOf(tensors: readonly [string, TensorBytes][]): string {
  const hash = createHash('sha256')
  for (const [name, { dtype, shape, data }] of sorted(tensors)) {
    hash.update(lineOf(name, dtype, shape))
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

/** The same of contiguous tensors on disk, which are not held in memory. */
export async function digestOfFile(tensors: TensorTable): Promise<string> {
  const hash = createHash('sha256')
  for (const [name, { file, offset, dtype, shape }] of sorted([...tensors])) {
    hash.update(lineOf(name, dtype, shape))
    const bytes = shape.reduce((product, size) => product * size, itemSize[dtype])
    if (bytes > 0) await updateFrom(hash, file, offset, bytes)
  }
  return hash.digest('hex')
}

async function updateFrom(hash: Hash, file: string, start: number, bytes: number): Promise<void> {
  const options = { start, end: start + bytes - 1, highWaterMark: 1 << 20 }
  for await (const chunk of createReadStream(file, options)) hash.update(chunk as Buffer)
}

function lineOf(name: string, dtype: string, shape: readonly number[]): string {
  return `${name} ${dtype} ${shape.join(',')}\n`
}

function sorted<T>(entries: readonly [string, T][]): [string, T][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}
