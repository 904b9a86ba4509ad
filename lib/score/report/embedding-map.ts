/** Where the clips of both sides lie in the plane of their two principal components. */
import type { Rows } from '../../metrics/rows.js'

export interface MapPoint {
  /** Index of the clip on its side. */
  clip: number
  x: number
  y: number
}

export interface EmbeddingMap {
  generated: MapPoint[]
  reference: MapPoint[]
  /** Parts of the variance that the two directions have, 0 … 1. */
  explained: [number, number]
}

/** More would neither be seen nor be quick; they are taken evenly. */
const mostPoints = 1500
const iterations = 40

/** Clips with several rows are at their mean. Undefined where fewer than three clips are different. */
export async function embeddingMap(
  generated: Rows,
  reference: Rows | undefined,
): Promise<EmbeddingMap | undefined> {
  const sides = [generated, ...(reference ? [reference] : [])].map(clipMeans)
  const rows = sides.flatMap((side) => side.map(({ row }) => row))
  const center = meanOf(rows)
  for (const row of rows) subtract(row, center, 1)
  const total = rows.reduce((sum, row) => sum + dot(row, row), 0)
  if (rows.length < 3 || total === 0) return undefined
  const coordinates: number[][] = []
  const explained: number[] = []
  for (let i = 0; i < 2; i++) {
    const direction = await principalDirection(rows, i)
    const along = rows.map((row) => dot(row, direction))
    coordinates.push(along)
    explained.push(along.reduce((sum, value) => sum + value * value, 0) / total)
    rows.forEach((row, k) => {
      subtract(row, direction, along[k])
    })
  }
  const [xs, ys] = coordinates
  const points = sides.flat().map(({ clip }, k) => ({ clip, x: xs[k], y: ys[k] }))
  return {
    generated: points.slice(0, sides[0].length),
    reference: points.slice(sides[0].length),
    explained: explained as [number, number],
  }
}

function clipMeans(rows: Rows): { clip: number; row: Float64Array }[] {
  const clips = [...rows.clips()]
  const count = Math.min(clips.length, mostPoints)
  return Array.from({ length: count }, (_, i) => {
    const clip = clips[Math.floor((i * clips.length) / count)]
    const all = rows.of(clip)
    const row = new Float64Array(rows.dimension)
    all.forEach((value, k) => {
      row[k % rows.dimension] += value / (all.length / rows.dimension)
    })
    return { clip, row }
  })
}

/** By power iteration; of centered rows, from the row that is longest. */
async function principalDirection(rows: Float64Array[], skip: number): Promise<Float64Array> {
  const longest = rows.reduce((a, b) => (dot(b, b) > dot(a, a) ? b : a))
  let direction = unit(Float64Array.from(longest), skip)
  for (let i = 0; i < iterations; i++) {
    const next = new Float64Array(direction.length)
    for (const row of rows) subtract(next, row, -dot(row, direction))
    direction = unit(next, skip)
    // Others have their turn: this may take a second.
    await new Promise(setImmediate)
  }
  return direction
}

/** Where nothing is left, any direction is as good. */
function unit(vector: Float64Array, fallback: number): Float64Array {
  const length = Math.sqrt(dot(vector, vector))
  if (length === 0) vector[fallback % vector.length] = 1
  else for (let i = 0; i < vector.length; i++) vector[i] /= length
  return vector
}

function meanOf(rows: Float64Array[]): Float64Array {
  const mean = new Float64Array(rows[0].length)
  for (const row of rows) subtract(mean, row, -1 / rows.length)
  return mean
}

function subtract(from: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < from.length; i++) from[i] -= times * what[i]
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
