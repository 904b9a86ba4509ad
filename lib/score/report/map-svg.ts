import { escapeHtml } from '../../files/html.js'
import type { EmbeddingMap, MapPoint } from './embedding-map.js'

const width = 640
const height = 420
const margin = 34

/** A drawing of the map; the name of a clip shows at its point. */
export function mapSvg(
  { generated, reference, explained }: EmbeddingMap,
  nameOf: (side: 'generated' | 'reference', clip: number) => string,
): string {
  const all = [...generated, ...reference]
  const [x, y] = (['x', 'y'] as const).map((axis) => {
    const values = all.map((point) => point[axis])
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return { low, size: high - low || 1 }
  })
  // One scale for both directions, so that distances can be compared.
  const scale = Math.min((width - 2 * margin) / x.size, (height - 2 * margin) / y.size)
  const place = (point: MapPoint) => ({
    left: width / 2 + (point.x - x.low - x.size / 2) * scale,
    top: height / 2 - (point.y - y.low - y.size / 2) * scale,
  })
  const dots = (side: 'generated' | 'reference', points: MapPoint[]) =>
    points
      .map((point) => {
        const { left, top } = place(point)
        const title = escapeHtml(nameOf(side, point.clip))
        const at = `cx="${left.toFixed(1)}" cy="${top.toFixed(1)}"`
        return `<circle class="${side}" ${at} r="3.5"><title>${title}</title></circle>`
      })
      .join('')
  const part = (i: 0 | 1) => `${(100 * explained[i]).toFixed(0)} % of the variance`
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Map of the embeddings">` +
    `<rect class="frame" x="1" y="1" width="${width - 2}" height="${height - 2}"/>` +
    dots('reference', reference) +
    dots('generated', generated) +
    `<text x="${width / 2}" y="${height - 10}" text-anchor="middle">first component, ${part(0)}</text>` +
    `<text x="16" y="${height / 2}" text-anchor="middle" transform="rotate(-90 16 ${height / 2})">` +
    `second component, ${part(1)}</text></svg>`
  )
}
