// Small PNG files: at most 64 colours, a byte a pixel.

import { deflateSync } from 'node:zlib'

/** `pixels`: RGB, three bytes each. */
export function palettePng(width, height, pixels) {
  const [palette, nearest] = coloursOf(pixels)
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = nearest.get(keyOf(pixels, 3 * (y * width + x)))
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const keyOf = (pixels, at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]

/** The palette, and for every colour its index: the most frequent one within a growing distance. */
function coloursOf(pixels) {
  const counts = new Map()
  for (let at = 0; at < pixels.length; at += 3) {
    const key = keyOf(pixels, at)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const colours = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([key]) => [key >> 16, (key >> 8) & 255, key & 255])
  for (let apart = 4; ; apart += 2) {
    const palette = []
    for (const colour of colours) {
      if (palette.every((other) => distance(colour, other) > apart)) palette.push(colour)
      if (palette.length > 64) break
    }
    if (palette.length > 64) continue
    const nearest = new Map(colours.map((colour) => [keyOf(colour, 0), closest(palette, colour)]))
    return [palette, nearest]
  }
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

function closest(palette, colour) {
  let best = 0
  palette.forEach((other, i) => {
    if (distance(other, colour) < distance(palette[best], colour)) best = i
  })
  return best
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, crc])
}

function crc32(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
