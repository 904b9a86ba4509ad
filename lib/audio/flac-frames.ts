/** How long a FLAC stream can become, from the headers of its frames. */

/**
 * The samples per channel of all frames whose header is whole: a decoder cannot give more, whatever
 * the file's own header states, since a frame of a dozen bytes may stand for 65,536 samples.
 */
export function countFlacSamples(bytes: Uint8Array): number {
  let samples = 0
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if ((bytes[at + 1] & 0xfe) === 0xf8) samples += blockSize(bytes, at)
  }
  return samples
}

/** Of the frame whose header is at `at`; 0 where its checksum says that there is none. */
function blockSize(bytes: Uint8Array, at: number): number {
  const size = bytes[at + 2] >> 4
  const rate = bytes[at + 2] & 15
  // The frame's or sample's number, as long as the ones at its front say, as in UTF-8.
  const ones = Math.clz32(~(bytes[at + 4] << 24))
  const extra = at + 4 + Math.max(1, ones)
  const sizeBytes = size === 6 ? 1 : size === 7 ? 2 : 0
  const end = extra + sizeBytes + (rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0)
  if (end >= bytes.length || checksum(bytes, at, end) !== bytes[end]) return 0
  if (size === 1) return 192
  if (size <= 5) return size === 0 ? 0 : 576 << (size - 2)
  if (size === 6) return bytes[extra] + 1
  if (size === 7) return bytes[extra] * 256 + bytes[extra + 1] + 1
  return 256 << (size - 8)
}

/** CRC-8 of the polynomial 07, most significant bit first. */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) crc = crcTable[crc ^ bytes[i]]
  return crc
}

const crcTable = Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? 0x107 : 0)
  return crc
})
