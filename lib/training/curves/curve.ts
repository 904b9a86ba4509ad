/** The curves of training runs as a picture: an SVG file without anything around it. */
import { type Axis, axisOf, tickText, tightAxisOf } from './curve-axis.js'
import { type CurveRun, type Panel, type Point, panelsOf, type Series } from './curve-series.js'

const width = 960
const margin = 24
const lossHeight = 340
const metricHeight = 250
const legendLine = 22
/** Room for axis labels inside a panel. */
const inset = { left: 62, right: 14, top: 34, bottom: 44 }
/** Seen on white and on near-black; further runs begin again. */
const colours = [
  ...['#2f7de1', '#e0660a', '#23955a', '#c2379a'],
  ...['#8a63d2', '#0793a1', '#a67c00', '#d64545'],
]

const style = `
    .curve { color: #1d2126; font: 13px system-ui, sans-serif }
    .curve .paper { fill: #ffffff }
    .curve text { fill: currentColor }
    .curve .title { font-weight: 600 }
    .curve .soft { opacity: 0.72; font-size: 12px }
    .curve .grid { stroke: currentColor; stroke-opacity: 0.14 }
    .curve .frame { stroke: currentColor; stroke-opacity: 0.4; fill: none }
    .curve .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
    .curve .raw { stroke-width: 1; stroke-opacity: 0.25 }
    .curve .evaluated { stroke-dasharray: 5 4 }
    @media (prefers-color-scheme: dark) {
      .curve { color: #e8eaed }
      .curve .paper { fill: #14171c }
    }
`

interface Box {
  x: number
  y: number
  width: number
  height: number
}

/**
 * Training loss (as it was, and smoothed) and validation loss against steps, and below them every
 * metric that was evaluated; the lines of several runs share the panels.
 */
export function curveSvg(runs: CurveRun[]): string {
  const [loss, ...metrics] = panelsOf(runs)
  const all = [loss, ...metrics].flatMap(({ series }) => series.flatMap(({ points }) => points))
  const steps = all.map(({ step }) => step)
  const legend = legendOf(runs, loss)
  let y = margin + legend.height
  const parts = [
    legend.svg,
    panel(loss, { x: margin, y, width: width - 2 * margin, height: lossHeight }, steps, 0),
  ]
  y += lossHeight
  const half = (width - 3 * margin) / 2
  for (const [i, each] of metrics.entries()) {
    const x = margin + (i % 2) * (half + margin)
    const top = y + Math.floor(i / 2) * metricHeight
    parts.push(panel(each, { x, y: top, width: half, height: metricHeight }, steps, i + 1))
  }
  const height = y + Math.ceil(metrics.length / 2) * metricHeight + margin / 2
  const names = runs.map(({ name }) => shorten(name, 60)).join(', ')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" class="curve" role="img">`,
    `  <title>${xml(`Training of ${names}`)}</title>`,
    `  <style>${style}  </style>`,
    `  <rect class="paper" width="${width}" height="${height}"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function legendOf(runs: CurveRun[], loss: Panel): { svg: string; height: number } {
  const kinds: [Series['kind'], string][] = [
    ['smoothed', 'training loss, smoothed'],
    ['evaluated', 'validation'],
  ]
  const shown = kinds.filter(([kind]) => loss.series.some((series) => series.kind === kind))
  const items = [
    ...runs.map(({ name }, i) => ({ colour: colourOf(i), kind: '', text: shorten(name, 48) })),
    ...shown.map(([kind, text]) => ({ colour: 'currentColor', kind, text })),
  ]
  let [x, y] = [margin, margin]
  const svg = items.map(({ colour, kind, text }) => {
    // System fonts differ: a generous guess at the width of a character.
    const space = 34 + [...text].length * 7.4 + 16
    if (x > margin && x + space > width - margin) {
      x = margin
      y += legendLine
    }
    const line = `<path class="line ${kind}" stroke="${colour}" d="M${x} ${y}h26"/>`
    const item = `  ${line}<text x="${x + 34}" y="${y + 4}">${xml(text)}</text>`
    x += space
    return item
  })
  return { svg: svg.join('\n'), height: y - margin + legendLine }
}

function panel({ title, series }: Panel, box: Box, steps: number[], index: number): string {
  const plot: Box = {
    x: box.x + inset.left,
    y: box.y + inset.top,
    width: box.width - inset.left - inset.right,
    height: box.height - inset.top - inset.bottom,
  }
  // Single steps jump far: they are cut off at the frame and do not decide what can be seen.
  const raw = series.filter(({ kind }) => kind === 'raw')
  const deciding = series.filter(({ kind }) => kind !== 'raw')
  const values = deciding.flatMap(({ points }) => points.map(({ value }) => value))
  const horizontal = tightAxisOf(steps, plot.width > 500 ? 10 : 5)
  const vertical = axisOf(values, 6)
  const at = ({ step, value }: Point) => ({
    x: plot.x + share(horizontal, step) * plot.width,
    y: plot.y + (1 - share(vertical, value)) * plot.height,
  })
  const clip = `clip-${index}`
  const frame = `x="${plot.x}" y="${plot.y}" width="${plot.width}" height="${plot.height}"`
  return [
    '  <g>',
    `    <text class="title" x="${box.x}" y="${box.y + 16}">${xml(shorten(title, 60))}</text>`,
    ...vertical.ticks.map((tick) => {
      const { y } = at({ step: 0, value: tick })
      const line = `<path class="grid" d="M${plot.x} ${round(y)}h${plot.width}"/>`
      const label = `<text class="soft" text-anchor="end" x="${plot.x - 8}" y="${round(y + 4)}">`
      return `    ${line}${label}${tickText(tick)}</text>`
    }),
    ...horizontal.ticks.map((tick) => {
      const { x } = at({ step: tick, value: 0 })
      const bottom = plot.y + plot.height
      const line = `<path class="grid" d="M${round(x)} ${plot.y}v${plot.height}"/>`
      const label = `<text class="soft" text-anchor="middle" x="${round(x)}" y="${bottom + 18}">`
      return `    ${line}${label}${tickText(tick)}</text>`
    }),
    `    <text class="soft" text-anchor="middle" x="${plot.x + plot.width / 2}" y="${plot.y + plot.height + 36}">steps</text>`,
    `    <rect class="frame" ${frame}/>`,
    `    <clipPath id="${clip}"><rect ${frame}/></clipPath>`,
    `    <g clip-path="url(#${clip})">`,
    ...raw.map((each) => `      ${lineOf(each, at)}`),
    '    </g>',
    ...deciding.map((each) => `    ${lineOf(each, at)}`),
    '  </g>',
  ].join('\n')
}

function lineOf({ run, kind, points }: Series, at: (point: Point) => { x: number; y: number }) {
  const places = points.map(at).map(({ x, y }) => `${round(x)} ${round(y)}`)
  const colour = colourOf(run)
  const path = `<path class="line ${kind}" stroke="${colour}" d="M${places.join('L')}"/>`
  // A lone point has no line, and evaluations are few: both get dots.
  if (kind !== 'evaluated' && points.length > 1) return path
  const dots = places.map((place) => {
    const [x, y] = place.split(' ')
    return `<circle fill="${colour}" cx="${x}" cy="${y}" r="3"/>`
  })
  return path + dots.join('')
}

function share({ from, to }: Axis, value: number): number {
  return (value - from) / (to - from)
}

function colourOf(run: number): string {
  return colours[run % colours.length]
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function shorten(text: string, longest: number): string {
  const letters = [...text]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : text
}

/** Names of folders and metrics may hold anything; XML allows no control characters at all. */
function xml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '?').replace(/[&<>"]/g, (c) => names[c])
}
