import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import type { TensorSource } from '../../lib/native/tensor-table.js'
import { readWeights } from '../../lib/weights/read.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { legacy, tensorPickle } from './craft.js'
import { scratchFolder } from './scratch.js'

// Sparse files: they have the size and take no room.
const dir = scratchFolder()
const numel = 5 * 2 ** 28
const bytes = numel * 4
const mark = Buffer.from(new Float32Array([1, 2, 3, 4]).buffer)

/** Writes pieces at positions of a new file. */
function sparse(name: string, pieces: [number, Buffer][], size?: number): string {
  const path = join(dir, name)
  const fd = openSync(path, 'w')
  for (const [at, piece] of pieces) writeSync(fd, piece, 0, piece.length, at)
  if (size !== undefined) ftruncateSync(fd, size)
  closeSync(fd)
  return path
}

/** The last four elements of a tensor of 5 GiB. */
async function tail(source: TensorSource | undefined): Promise<number[]> {
  expect(source?.shape).toEqual([numel])
  const { offset } = source as TensorSource
  const last = { ...(source as TensorSource), offset: offset + bytes - 16, shape: [4] }
  return Array.from(await readTensor(last), Number)
}

test('safetensors', async () => {
  const header = `{"a":{"dtype":"F32","shape":[${numel}],"data_offsets":[0,${bytes}]}}`
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const start = 8 + header.length
  const path = sparse('large.safetensors', [
    [0, Buffer.concat([length, Buffer.from(header)])],
    [start + bytes - 16, mark],
  ])
  expect(await tail((await readWeights(path)).get('a'))).toEqual([1, 2, 3, 4])
})

test('legacy pickle', async () => {
  const pickle = tensorPickle({ numel, shape: [numel], strides: [1] })
  const head = legacy(pickle, { count: BigInt(numel), data: Buffer.alloc(0) })
  const path = sparse('large.legacy.pt', [
    [0, head],
    [head.length + bytes - 16, mark],
  ])
  expect(await tail((await readWeights(path)).get('a'))).toEqual([1, 2, 3, 4])
})

test('zip64', async () => {
  const pickle = tensorPickle({ numel, shape: [numel], strides: [1] })
  const local = (name: string, size: number) => {
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt32LE(Math.min(size, 0xffffffff), 18)
    header.writeUInt32LE(Math.min(size, 0xffffffff), 22)
    header.writeUInt16LE(name.length, 26)
    return Buffer.concat([header, Buffer.from(name)])
  }
  // Every size and offset in the zip64 field, as PyTorch writes large ones.
  const central = (name: string, size: number, offset: number, crc: number) => {
    const header = Buffer.alloc(46)
    header.writeUInt32LE(0x02014b50, 0)
    header.writeUInt32LE(crc, 16)
    header.fill(255, 20, 28)
    header.writeUInt16LE(name.length, 28)
    header.writeUInt16LE(28, 30)
    header.fill(255, 42, 46)
    const extra = Buffer.alloc(28)
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(24, 2)
    for (const [i, value] of [size, size, offset].entries()) {
      extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i)
    }
    return Buffer.concat([header, Buffer.from(name), extra])
  }
  const first = local('archive/data/0', bytes)
  const second = Buffer.concat([local('archive/data.pkl', pickle.length), pickle])
  const secondAt = first.length + bytes
  const directory = Buffer.concat([
    central('archive/data/0', bytes, 0, 0),
    central('archive/data.pkl', pickle.length, secondAt, crc32(pickle)),
  ])
  const directoryAt = secondAt + second.length
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeBigUInt64LE(44n, 4)
  end64.writeBigUInt64LE(2n, 24)
  end64.writeBigUInt64LE(2n, 32)
  end64.writeBigUInt64LE(BigInt(directory.length), 40)
  end64.writeBigUInt64LE(BigInt(directoryAt), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(directoryAt + directory.length), 8)
  const end = Buffer.alloc(22, 255)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(0, 20)
  const path = sparse('large.pt', [
    [0, first],
    [secondAt - 16, mark],
    [secondAt, second],
    [directoryAt, Buffer.concat([directory, end64, locator, end])],
  ])
  expect(await tail((await readWeights(path)).get('a'))).toEqual([1, 2, 3, 4])
})
