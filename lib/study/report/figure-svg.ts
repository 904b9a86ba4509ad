/** Figures as SVG: one file each, and panels alone for the page, where a narrow screen stacks them. */
import { escapeHtml } from '../../files/html.js'
import { type Axis, axisOf, tickText, tightAxisOf } from '../../training/curves/curve-axis.js'
import { valueText } from '../numbers.js'
import type { Figure, FigureLine, FigurePanel, FigurePoint } from './figure.js'

const panelWidth = 300
const panelHeight = 230
const plot = { left: 50, right: 288, top: 30, bottom: 184 }
const margin = 16
const legendLine = 22

/** Seen on white and on near-black, and told apart by dashes too; further lines begin again. */
const colours = ['#2f7de1', '#e0660a', '#23955a', '#c2379a', '#8a63d2', '#0793a1']
const dashes = ['', '7 4', '2 3', '9 3 2 3', '12 4', '4 2']

export const figureStyle = `
.panel text, .legend text { fill: currentColor; font: 12px system-ui, sans-serif }
.panel .title { font-weight: 600 } .panel .soft { opacity: .75; font-size: 11px }
.panel .grid { stroke: currentColor; stroke-opacity: .14 }
.panel .frame { stroke: currentColor; stroke-opacity: .4; fill: none }
.line { fill: none; stroke-width: 2; stroke-linejoin: round } .band { fill-opacity: .18; stroke: none }`

/** A picture that needs nothing around it. */
export function figureSvg(figure: Figure): string {
  const { title, names, columns, panels } = figure
  const width = 2 * margin + columns * panelWidth
  const rows = Math.ceil(panels.length / columns)
  const legend = legendOf(names, width)
  const top = margin + legend.height
  const height = top + rows * panelHeight + margin
  const placed = panels.map((panel, i) => {
    const [x, y] = [
      margin + (i % columns) * panelWidth,
      top + Math.floor(i / columns) * panelHeight,
    ]
    return `<g class="panel" transform="translate(${x} ${y})">${panelContent(panel, names)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="study" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${xml(title)}</title>`,
    '<style>.study { color: #1d2126 } .study .paper { fill: #fff }' +
      '@media (prefers-color-scheme: dark) { .study { color: #e8eaed } .study .paper { fill: #14171c } }' +
      `${figureStyle}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    legend.svg,
    ...placed,
    '</svg>',
    '',
  ].join('\n')
}

/** One of its panels, for a page that has `figureStyle`. */
export function panelSvg(panel: FigurePanel, names: readonly string[]): string {
  return (
    `<svg class="panel" viewBox="0 0 ${panelWidth} ${panelHeight}" role="img" ` +
    `aria-label="${xml(panel.title)}">${panelContent(panel, names)}</svg>`
  )
}

/** What stands for a line of this name. */
export function legendMark(index: number): string {
  return (
    '<svg width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">' +
    `<path class="line" ${strokeOf(index)} d="M2 5h30"/></svg>`
  )
}

function legendOf(names: readonly string[], width: number): { svg: string; height: number } {
  let [x, y] = [margin, margin]
  const items = names.map((name, i) => {
    // System fonts differ: a generous guess at the width of a character.
    const space = 42 + 7.2 * [...name].length + 18
    if (x > margin && x + space > width - margin) {
      x = margin
      y += legendLine
    }
    const item =
      `<path class="line" ${strokeOf(i)} d="M${x} ${y}h34"/>` +
      `<text x="${x + 42}" y="${y + 4}">${xml(name)}</text>`
    x += space
    return item
  })
  return { svg: `<g class="legend">${items.join('')}</g>`, height: y - margin + legendLine }
}

function panelContent({ title, xTitle, lines }: FigurePanel, names: readonly string[]): string {
  const points = lines.flatMap((line) => line.points)
  const places = points.map(({ x }) => x)
  // Steps end where they do; strengths below 1 need ticks of their own.
  const across = Math.max(...places) > 10 ? tightAxisOf(places, 4) : axisOf(places, 5)
  const upward = axisOf(
    points.flatMap(({ number: { value, low, high } }) => [value, low ?? value, high ?? value]),
    5,
  )
  const at = (x: number, value: number): [number, number] => [
    plot.left + share(across, x) * (plot.right - plot.left),
    plot.bottom - share(upward, value) * (plot.bottom - plot.top),
  ]
  const size = `width="${plot.right - plot.left}" height="${plot.bottom - plot.top}"`
  return [
    `<text class="title" x="4" y="16">${xml(title)}</text>`,
    ...upward.ticks.map((tick) => {
      const y = round(at(across.from, tick)[1])
      return (
        `<path class="grid" d="M${plot.left} ${y}H${plot.right}"/>` +
        `<text class="soft" text-anchor="end" x="${plot.left - 6}" y="${y + 4}">${tickText(tick)}</text>`
      )
    }),
    ...across.ticks.map((tick) => {
      const x = round(at(tick, upward.from)[0])
      return (
        `<path class="grid" d="M${x} ${plot.top}V${plot.bottom}"/>` +
        `<text class="soft" text-anchor="middle" x="${x}" y="${plot.bottom + 16}">${tickText(tick)}</text>`
      )
    }),
    `<text class="soft" text-anchor="middle" x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 34}">${xml(xTitle)}</text>`,
    `<rect class="frame" x="${plot.left}" y="${plot.top}" ${size}/>`,
    ...lines.map((line) => drawLine(line, names.indexOf(line.name), at)),
  ].join('')
}

function drawLine(
  { name, points }: FigureLine,
  index: number,
  at: (x: number, value: number) => [number, number],
): string {
  const place = (x: number, value: number) => at(x, value).map(round).join(' ')
  const path = points.map(({ x, number }) => place(x, number.value)).join('L')
  const dots = points.map(({ x, number }) => {
    const [cx, cy] = at(x, number.value).map(round)
    const said = `${name}, ${tickText(x)}: ${valueText(number)}`
    return `<circle fill="${colourOf(index)}" cx="${cx}" cy="${cy}" r="2.6"><title>${xml(said)}</title></circle>`
  })
  const bands = runsWithIntervals(points).map((run) => {
    const above = run.map(({ x, number }) => place(x, number.high as number))
    const below = run.map(({ x, number }) => place(x, number.low as number)).reverse()
    return `<path class="band" fill="${colourOf(index)}" d="M${[...above, ...below].join('L')}Z"/>`
  })
  const line = path && `<path class="line" ${strokeOf(index)} d="M${path}"/>`
  return `${bands.join('')}${line}${dots.join('')}`
}

/** A band ends where a point has no interval; a point with an interval alone has none either. */
function runsWithIntervals(points: readonly FigurePoint[]): FigurePoint[][] {
  const runs: FigurePoint[][] = [[]]
  for (const point of points) {
    const { low, high } = point.number
    if (low !== undefined && high !== undefined) runs[runs.length - 1].push(point)
    else runs.push([])
  }
  return runs.filter((run) => run.length > 1)
}

function share({ from, to }: Axis, value: number): number {
  return (value - from) / (to - from)
}

function colourOf(index: number): string {
  return colours[index % colours.length]
}

function strokeOf(index: number): string {
  const dash = dashes[index % dashes.length]
  return `stroke="${colourOf(index)}"${dash ? ` stroke-dasharray="${dash}"` : ''}`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** XML allows no control characters at all. */
function xml(text: string): string {
  return escapeHtml(text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '?'))
}
