/** The pages that an Ogg file consists of, each with a checksum. */
import { AudioError } from '../errors.js'

const headerBytes = 27
/** No format of sound in Ogg has more; of Opus, a few bytes could stand for hundreds. */
const maxOggChannels = 8

export function isOgg(bytes: Uint8Array): boolean {
  return bytes[0] === 0x4f && bytes[1] === 0x67 && bytes[2] === 0x67 && bytes[3] === 0x53
}

/**
 * Requires whole, undamaged pages up to the one that is marked as the last, or up to the end where
 * none is. Whatever follows the last one is left alone.
 */
export function checkOgg(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (let page = 0; at < bytes.length; page++) {
    const segments = at + headerBytes
    if (segments > bytes.length) throw cutOffIn(page)
    if (view.getUint32(at) !== 0x4f676753) throw damagedIn(page)
    const body = segments + bytes[at + 26]
    let end = body
    for (let i = segments; i < Math.min(body, bytes.length); i++) end += bytes[i]
    if (body > bytes.length || end > bytes.length) throw cutOffIn(page)
    if (checksum(bytes, at, end) !== view.getUint32(at + 22, true)) throw damagedIn(page)
    if (page === 0) checkChannels(bytes.subarray(body, end))
    const last = (bytes[at + 5] & 4) !== 0
    at = end
    if (last && (at + 4 > bytes.length || view.getUint32(at) !== 0x4f676753)) return
  }
}

/** In the first packet, after its eight-byte name of Opus or the version of Vorbis. */
function checkChannels(packet: Uint8Array): void {
  const channels = packet[0] === 0x4f ? packet[9] : packet[0] === 1 ? packet[11] : 1
  if (channels >= 1 && channels <= maxOggChannels) return
  throw new AudioError(`is an Ogg file with ${channels ?? 'no'} channels`)
}

/** Of the page from `start` to `end`: CRC-32 of the polynomial 04c11db7, most significant bit first, with the field itself as zero. */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) {
    const byte = i >= start + 22 && i < start + 26 ? 0 : bytes[i]
    crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]
  }
  return crc >>> 0
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0)
  return crc
})

function cutOffIn(page: number): AudioError {
  return new AudioError(`is an Ogg file that is cut off in page ${page}`)
}

function damagedIn(page: number): AudioError {
  return new AudioError(`is an Ogg file that is damaged in page ${page}`)
}
