import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import { InvalidWeightsError } from '../errors.js'
import type { WeightsFile } from './file.js'

/** A file in a zip container, located by the central directory and checked against its header. */
export interface ZipRecord {
  name: string
  /** 0 stored, 8 deflated; others are kept and refused when read. */
  method: number
  crc: number
  compressedSize: number
  size: number
  /** First byte of the (compressed) data in the container. */
  offset: number
}

const MAX_DIRECTORY_BYTES = 64 << 20
const END_BYTES = 22
const LOCATOR_BYTES = 20
const inflate = promisify(inflateRaw)

/** All records of a zip or zip64 file by name. Duplicates, overlaps and encryption are refused. */
export async function readZipDirectory(file: WeightsFile): Promise<Map<string, ZipRecord>> {
  const end = await findEnd(file)
  if (end.size > MAX_DIRECTORY_BYTES) throw damaged(file, 'its central directory is too large')
  if (end.offset + end.size > end.position) {
    throw damaged(file, 'its central directory lies outside the file')
  }
  const records = parseDirectory(file, await file.read(end.offset, end.size), end.count)
  await checkLocalHeaders(file, records, end.offset)
  return new Map(records.map((record) => [record.name, record]))
}

/** The bytes of a small record, inflated to exactly its declared size, CRC checked. */
export async function readZipRecord(
  file: WeightsFile,
  record: ZipRecord,
  maxBytes: number,
): Promise<Buffer> {
  if (record.size > maxBytes || record.compressedSize > maxBytes) {
    throw damaged(file, `${record.name} has ${record.size} bytes, above the limit of ${maxBytes}`)
  }
  const raw = await file.read(record.offset, record.compressedSize)
  let bytes = raw
  if (record.method === 8) {
    try {
      bytes = await inflate(raw, { maxOutputLength: Math.max(record.size, 1) })
    } catch {
      throw damaged(file, `${record.name} does not inflate to the ${record.size} bytes it declares`)
    }
  } else if (record.method !== 0) {
    throw damaged(file, `${record.name} uses the compression method ${record.method}`)
  }
  if (bytes.length !== record.size) {
    throw damaged(file, `${record.name} has ${bytes.length} bytes and declares ${record.size}`)
  }
  checkCrc(file, record, crc32(bytes))
  return bytes
}

/** Reads a stored record through, in bounded pieces, and compares its checksum. */
export async function verifyZipRecord(
  file: WeightsFile,
  record: ZipRecord,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const piece = 8 << 20
  let crc = 0
  for (let done = 0; done < record.size; done += piece) {
    const bytes = await file.read(record.offset + done, Math.min(piece, record.size - done))
    crc = crc32(bytes, crc)
    onBytes(bytes.length)
  }
  checkCrc(file, record, crc)
}

function checkCrc(file: WeightsFile, record: ZipRecord, crc: number): void {
  if (crc === record.crc) return
  throw new InvalidWeightsError(
    `${file.path}: ${record.name} is damaged: its checksum does not match`,
    [],
    'Download or copy the file again; if it was saved with compute_crc32=False, save it with checksums.',
  )
}

interface Directory {
  offset: number
  size: number
  count: number
  /** Where the record that ends the directory begins. */
  position: number
}

async function findEnd(file: WeightsFile): Promise<Directory> {
  const tailLength = Math.min(file.size, END_BYTES + 0xffff + LOCATOR_BYTES)
  const tailStart = file.size - tailLength
  const tail = await file.read(tailStart, tailLength)
  for (let at = tailLength - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue
    if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tailLength) continue
    const locator = at - LOCATOR_BYTES
    if (locator >= 0 && tail.readUInt32LE(locator) === 0x07064b50) {
      return readZip64End(file, tail.subarray(locator, at), tailStart + locator)
    }
    if (tail.readUInt16LE(at + 4) !== 0 || tail.readUInt16LE(at + 6) !== 0) {
      throw damaged(file, 'it is one of several volumes')
    }
    return {
      count: tail.readUInt16LE(at + 10),
      size: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
      position: tailStart + at,
    }
  }
  throw damaged(file, 'it has no central directory: the file is truncated')
}

async function readZip64End(file: WeightsFile, locator: Buffer, limit: number): Promise<Directory> {
  const position = toNumber(file, locator.readBigUInt64LE(8))
  if (position + 56 > limit) throw damaged(file, 'its zip64 end record lies outside the file')
  const record = await file.read(position, 56)
  if (record.readUInt32LE(0) !== 0x06064b50) throw damaged(file, 'its zip64 end record is damaged')
  return {
    count: toNumber(file, record.readBigUInt64LE(32)),
    size: toNumber(file, record.readBigUInt64LE(40)),
    offset: toNumber(file, record.readBigUInt64LE(48)),
    position,
  }
}

function parseDirectory(file: WeightsFile, directory: Buffer, count: number): ZipRecord[] {
  const records: ZipRecord[] = []
  const names = new Set<string>()
  let at = 0
  while (at < directory.length) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
      throw damaged(file, 'its central directory is damaged')
    }
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28)
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30)
    const next = extraEnd + directory.readUInt16LE(at + 32)
    if (next > directory.length) throw damaged(file, 'its central directory is damaged')
    const name = directory.toString('utf8', at + 46, nameEnd)
    if (names.has(name)) throw damaged(file, `${JSON.stringify(name)} is in it twice`)
    names.add(name)
    if (directory.readUInt16LE(at + 8) & 1) throw damaged(file, `${name} is encrypted`)
    records.push({
      name,
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      ...readSizes(file, directory, at, directory.subarray(nameEnd, extraEnd)),
    })
    at = next
  }
  if (records.length !== count) {
    throw damaged(file, `its central directory lists ${records.length} of ${count} records`)
  }
  return records
}

/** Sizes and the local header's offset: 32 bits each, or all ones and then in the zip64 field. */
function readSizes(file: WeightsFile, directory: Buffer, at: number, extra: Buffer) {
  const zip64 = findExtra(extra, 1)
  let used = 0
  const wide = (narrow: number): number => {
    if (narrow !== 0xffffffff) return narrow
    if (!zip64 || used + 8 > zip64.length) throw damaged(file, 'a zip64 field is missing')
    used += 8
    return toNumber(file, zip64.readBigUInt64LE(used - 8))
  }
  const size = wide(directory.readUInt32LE(at + 24))
  const compressedSize = wide(directory.readUInt32LE(at + 20))
  const offset = wide(directory.readUInt32LE(at + 42))
  return { size, compressedSize, offset }
}

function findExtra(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (end > extra.length) return undefined
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end)
    at = end
  }
  return undefined
}

/** Moves every `offset` from the local header to the data behind it, and checks both agree. */
async function checkLocalHeaders(
  file: WeightsFile,
  records: ZipRecord[],
  directoryStart: number,
): Promise<void> {
  const batch = 32
  const sorted = [...records].sort((a, b) => a.offset - b.offset)
  const starts = [...sorted.map((record) => record.offset), directoryStart]
  for (let i = 0; i < sorted.length; i += batch) {
    await Promise.all(
      sorted.slice(i, i + batch).map((record, j) => locate(file, record, starts[i + j + 1])),
    )
  }
}

async function locate(file: WeightsFile, record: ZipRecord, next: number): Promise<void> {
  const { name, offset } = record
  const nameBytes = Buffer.from(name)
  if (offset + 30 + nameBytes.length > next) throw damaged(file, `${name} overlaps what follows`)
  const header = await file.read(offset, 30 + nameBytes.length)
  const sizes = [header.readUInt32LE(18), header.readUInt32LE(22)]
  // Streamed records have zeros here, zip64 ones all ones; anything else must agree.
  const agrees = (local: number, real: number) =>
    local === real || local === 0xffffffff || (local === 0 && (header.readUInt16LE(6) & 8) !== 0)
  if (
    header.readUInt32LE(0) !== 0x04034b50 ||
    header.readUInt16LE(8) !== record.method ||
    header.readUInt16LE(26) !== nameBytes.length ||
    !header.subarray(30).equals(nameBytes) ||
    !agrees(sizes[0], record.compressedSize) ||
    !agrees(sizes[1], record.size)
  ) {
    throw damaged(file, `${name}: its own header contradicts the central directory`)
  }
  record.offset = offset + 30 + nameBytes.length + header.readUInt16LE(28)
  if (record.offset + record.compressedSize > next) {
    throw damaged(file, `${name} overlaps what follows`)
  }
}

function toNumber(file: WeightsFile, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(file, `a size of ${value} bytes`)
  return Number(value)
}

function damaged(file: WeightsFile, what: string): InvalidWeightsError {
  return new InvalidWeightsError(`${file.path}: not a valid PyTorch zip file: ${what}`)
}
