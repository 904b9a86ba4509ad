/** An RGB picture to draw on: rectangles, lines and small anti-aliased text. */

export type Color = readonly [number, number, number]

/**
 * Stroke font: each glyph is polylines on a grid 4 wide and 6 high, y downwards, points as two
 * digits "xy". Only what axis labels need.
 */
const glyphs: Record<string, string[]> = {
  '0': ['10 30 41 45 36 16 05 01 10'],
  '1': ['02 20 26', '06 46'],
  '2': ['01 10 30 41 42 06 46'],
  '3': ['01 10 30 41 42 33 44 45 36 16 05', '13 33'],
  '4': ['36 30 04 44'],
  '5': ['40 00 03 33 44 45 36 16 05'],
  '6': ['41 30 10 01 05 16 36 45 44 33 13 04'],
  '7': ['00 40 16'],
  '8': ['10 30 41 42 33 13 02 01 10', '13 04 05 16 36 45 44 33'],
  '9': ['05 16 36 45 41 30 10 01 02 13 33 42'],
  '.': ['15 16'],
  '-': ['13 33'],
  k: ['00 06', '05 42', '14 46'],
  H: ['00 06', '40 46', '03 43'],
  z: ['02 42 06 46'],
  s: ['43 32 12 03 14 34 45 36 16 05'],
  d: ['40 46', '43 32 12 03 05 16 36 45'],
  B: ['00 30 41 42 33 44 45 36 06 00', '03 33'],
}

export class Raster {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array

  constructor(width: number, height: number, background: Color) {
    this.width = width
    this.height = height
    this.data = new Uint8Array(width * height * 3)
    this.fill(0, 0, width, height, background)
  }

  set(x: number, y: number, color: Color): void {
    this.data.set(color, (y * this.width + x) * 3)
  }

  fill(x: number, y: number, width: number, height: number, color: Color): void {
    for (let row = y; row < y + height; row++) {
      for (let column = x; column < x + width; column++) this.set(column, row, color)
    }
  }

  /** Text whose cap height is `height` pixels; `x`, `y` is its left, right or middle at half height. */
  text(text: string, x: number, y: number, align: 'left' | 'right' | 'center', color: Color): void {
    const left = align === 'left' ? x : x - textWidth(text) * (align === 'right' ? 1 : 0.5)
    let at = left
    for (const letter of text) {
      for (const polyline of glyphs[letter] ?? []) {
        const points = polyline
          .split(' ')
          .map((point): [number, number] => [
            at + Number(point[0]) * unit,
            y + (Number(point[1]) - 3) * unit,
          ])
        for (let i = 1; i < points.length; i++) {
          this.stroke(points[i - 1], points[i], color)
        }
      }
      at += advance(letter)
    }
  }

  /** A line with round ends; coverage falls off over one pixel at its edge. */
  private stroke(from: [number, number], to: [number, number], color: Color): void {
    const reach = strokeWidth / 2 + 1
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
    const lengthSquared = dx * dx + dy * dy || 1
    const firstRow = Math.max(0, Math.floor(Math.min(from[1], to[1]) - reach))
    const lastRow = Math.min(this.height - 1, Math.ceil(Math.max(from[1], to[1]) + reach))
    const first = Math.max(0, Math.floor(Math.min(from[0], to[0]) - reach))
    const last = Math.min(this.width - 1, Math.ceil(Math.max(from[0], to[0]) + reach))
    for (let y = firstRow; y <= lastRow; y++) {
      for (let x = first; x <= last; x++) {
        const along = ((x - from[0]) * dx + (y - from[1]) * dy) / lengthSquared
        const t = Math.min(1, Math.max(0, along))
        const distance = Math.hypot(x - from[0] - t * dx, y - from[1] - t * dy)
        const coverage = Math.min(1, Math.max(0, strokeWidth / 2 + 0.5 - distance))
        if (coverage > 0) this.blend(x, y, color, coverage)
      }
    }
  }

  private blend(x: number, y: number, color: Color, coverage: number): void {
    const at = (y * this.width + x) * 3
    for (let c = 0; c < 3; c++) {
      const below = this.data[at + c]
      this.data[at + c] = Math.round(below + (color[c] - below) * coverage)
    }
  }
}

/** Pixels per grid unit of the font, and the width of its strokes. */
const unit = 1.7
const strokeWidth = 1.3

function advance(letter: string): number {
  return (letter === '.' ? 3 : letter === ' ' ? 3.5 : 6) * unit
}

export function textWidth(text: string): number {
  let width = -2 * unit
  for (const letter of text) width += advance(letter)
  return Math.max(0, width)
}
