/** The boxes of an MP4 file, as far as their sizes and the lengths of their tables go. */
import { AudioError } from '../errors.js'

/** Packets of all tracks: of AAC, 101 minutes at 44.1 kHz. */
const maxPackets = 2 ** 18

/** Where a table has its count, and how many bytes an entry takes at least, after its name. */
const tables = new Map([
  ['stts', { count: 8, entry: 8 }],
  ['stsc', { count: 8, entry: 12 }],
  ['stsz', { count: 12, entry: 4 }],
  ['stco', { count: 8, entry: 4 }],
  ['co64', { count: 8, entry: 8 }],
  ['elst', { count: 8, entry: 12 }],
  ['trun', { count: 8, entry: 0 }],
])
const packetTables = new Set(['stsz', 'trun'])

/**
 * Requires that the boxes fill the file, and that no table claims more entries than it has bytes.
 * Tables are found by their names, in whatever boxes they lie, except among the sound itself.
 */
export function checkMp4(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let packets = 0
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + boxSize(view, at)
    if (end > bytes.length) throw new AudioError('is an MP4 file that is cut off')
    if (nameAt(bytes, at + 4) !== 'mdat') packets += countPackets(view, bytes, at, end)
    at = end
  }
  if (packets > maxPackets) {
    throw new AudioError(`is too long: ${packets} packets in an MP4 file, of ${maxPackets} at most`)
  }
}

function boxSize(view: DataView, at: number): number {
  const size = view.getUint32(at)
  if (size === 0) return view.byteLength - at
  if (size !== 1) {
    if (size < 8) throw damaged()
    return size
  }
  if (at + 16 > view.byteLength) throw new AudioError('is an MP4 file that is cut off')
  const long = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12)
  if (long < 16) throw damaged()
  return long
}

function countPackets(view: DataView, bytes: Uint8Array, start: number, end: number): number {
  let packets = 0
  for (let at = start + 4; at + 16 <= end; at++) {
    // All names of tables begin with s, c, e or t.
    const first = bytes[at]
    if (first !== 0x73 && first !== 0x63 && first !== 0x65 && first !== 0x74) continue
    const name = nameAt(bytes, at)
    const table = tables.get(name)
    if (!table) continue
    const count = view.getUint32(at + table.count)
    const room = Math.min(view.getUint32(at - 4) - 4, end - at)
    const sameSize = name === 'stsz' && view.getUint32(at + 8) !== 0
    if (!sameSize && table.count + 4 + count * table.entry > room) throw damaged()
    if (packetTables.has(name)) packets += count
  }
  return packets
}

function nameAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
}

function damaged(): AudioError {
  return new AudioError('is an MP4 file that is damaged')
}
