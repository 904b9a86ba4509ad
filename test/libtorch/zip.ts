/** Zip files as tests need them: large ones that are never written, and hostile ones. */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  name: string
  /** Bytes, or the path of a file that is stored as it is. */
  content?: Buffer | string | { file: string }
  deflate?: boolean
  /** Of a system with modes, file type included. */
  mode?: number
  /** What the directory says instead of the truth. */
  declaredSize?: number
  flags?: number
  method?: number
}

type Part = Buffer | { file: string; bytes: number }

export interface Zip {
  bytes: number
  sha256: string
  /** The content from byte `start` on. */
  read(start?: number): Readable
  save(path: string): string
}

export function makeZip(entries: ZipEntry[]): Zip {
  const parts: Part[] = []
  const directory: Buffer[] = []
  let offset = 0
  const add = (part: Part) => {
    parts.push(part)
    offset += sizeOf(part)
  }
  for (const entry of entries) {
    const { part, size, crc, method } = contentOf(entry)
    const name = Buffer.from(entry.name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(entry.flags ?? 0x800, 2)
    common.writeUInt16LE(entry.method ?? method, 4)
    common.writeUInt32LE(crc, 10)
    common.writeUInt32LE(sizeOf(part), 14)
    common.writeUInt32LE(entry.declaredSize ?? size, 18)
    common.writeUInt16LE(name.length, 22)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE((3 << 8) | 20, 4)
    common.copy(central, 6)
    central.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38)
    central.writeUInt32LE(offset, 42)
    directory.push(central, name)
    add(Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), common, name]))
    add(part)
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  add(central)
  add(end)
  return zipOf(parts)
}

function contentOf({ content = '', deflate }: ZipEntry) {
  if (typeof content === 'object' && 'file' in content) {
    const size = statSync(content.file).size
    let crc = 0
    for (const chunk of chunksOf(content.file)) crc = crc32(chunk, crc)
    return { part: { file: content.file, bytes: size }, size, crc, method: 0 }
  }
  const plain = Buffer.from(content as string)
  const part = deflate ? deflateRawSync(plain) : plain
  return { part, size: plain.length, crc: crc32(plain), method: deflate ? 8 : 0 }
}

function* chunksOf(file: string): Generator<Buffer> {
  const descriptor = openSync(file, 'r')
  const chunk = Buffer.alloc(1 << 20)
  for (let n = 1; n > 0; ) {
    n = readSync(descriptor, chunk)
    yield chunk.subarray(0, n)
  }
  closeSync(descriptor)
}

function zipOf(parts: Part[]): Zip {
  const hash = createHash('sha256')
  for (const part of parts) {
    if (Buffer.isBuffer(part)) hash.update(part)
    else for (const chunk of chunksOf(part.file)) hash.update(chunk)
  }
  const read = (start = 0) => Readable.from(contents(parts, start))
  return {
    bytes: parts.reduce((sum, part) => sum + sizeOf(part), 0),
    sha256: hash.digest('hex'),
    read,
    save: (path) => {
      writeFileSync(path, '')
      for (const part of parts) {
        const chunks = Buffer.isBuffer(part) ? [part] : chunksOf(part.file)
        for (const chunk of chunks) writeFileSync(path, chunk, { flag: 'a' })
      }
      return path
    },
  }
}

async function* contents(parts: Part[], start: number): AsyncGenerator<Buffer> {
  let at = 0
  for (const part of parts) {
    const skip = Math.max(0, start - at)
    at += sizeOf(part)
    if (skip >= sizeOf(part)) continue
    if (Buffer.isBuffer(part)) yield part.subarray(skip)
    else yield* createReadStream(part.file, { start: skip, highWaterMark: 1 << 20 })
  }
}

function sizeOf(part: Part): number {
  return Buffer.isBuffer(part) ? part.length : part.bytes
}
