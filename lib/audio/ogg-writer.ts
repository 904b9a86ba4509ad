/** Packets into the pages of an Ogg file with one stream (RFC 3533). */
import { checksum } from './ogg-pages.js'

export interface OggPacket {
  bytes: Uint8Array
  /** The position, in samples, at which what the packet holds ends. */
  position: number
  /** Whether no packet may follow in its page. */
  endsPage?: boolean
}

const maxSegments = 255
const flags = { first: 2, last: 4 }

/** Packets are not split over pages, and so below 65,025 bytes. */
export function oggFile(packets: readonly OggPacket[], serial: number): Uint8Array {
  const pages = intoPages(packets)
  const encoded = pages.map((page, number) => {
    const flag = (number === 0 ? flags.first : 0) | (number === pages.length - 1 ? flags.last : 0)
    return encodePage(page, serial, number, flag)
  })
  return new Uint8Array(Buffer.concat(encoded))
}

function intoPages(packets: readonly OggPacket[]): OggPacket[][] {
  const pages: OggPacket[][] = [[]]
  let segments = 0
  for (const packet of packets) {
    const page = pages[pages.length - 1]
    const own = segmentsOf(packet).length
    if (page.at(-1)?.endsPage || segments + own > maxSegments) {
      pages.push([packet])
      segments = own
    } else {
      page.push(packet)
      segments += own
    }
  }
  return pages
}

/** Lengths of its segments: 255 while there is more, and one below 255 at the end. */
function segmentsOf({ bytes }: OggPacket): number[] {
  return [...new Array(Math.floor(bytes.length / 255)).fill(255), bytes.length % 255]
}

function encodePage(page: OggPacket[], serial: number, number: number, flag: number): Uint8Array {
  const segments = page.flatMap(segmentsOf)
  const header = new Uint8Array(27 + segments.length)
  const view = new DataView(header.buffer)
  header.set(Buffer.from('OggS'))
  header[5] = flag
  view.setBigUint64(6, BigInt(page[page.length - 1].position), true)
  view.setUint32(14, serial, true)
  view.setUint32(18, number, true)
  header[26] = segments.length
  header.set(segments, 27)
  const bytes = Buffer.concat([header, ...page.map((packet) => packet.bytes)])
  bytes.writeUInt32LE(checksum(bytes, 0, bytes.length), 22)
  return bytes
}
