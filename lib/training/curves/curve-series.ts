/** From the lines of runs to the points that a picture shows. */
import type { MetricsLine } from './metrics-lines.js'

export interface Point {
  step: number
  value: number
}

export interface CurveRun {
  name: string
  lines: MetricsLine[]
}

/** Of one run: a kind of line in a panel. */
export interface Series {
  /** Index of the run. */
  run: number
  kind: 'raw' | 'smoothed' | 'evaluated'
  points: Point[]
}

export interface Panel {
  title: string
  series: Series[]
}

/** Of a score with several numbers, the one that is shown. */
const mainNumbers = ['mean', 'softmax', 'value']

const titles: Record<string, string> = {
  fd: 'FD, lower is better',
  fad: 'FAD, lower is better',
  is: 'IS, higher is better',
  kl: 'KL (softmax), lower is better',
  kad: 'KAD, lower is better',
  kid: 'KID, lower is better',
  fadInfinity: 'FAD∞, lower is better',
  lsd: 'LSD, lower is better',
  psnr: 'PSNR, higher is better',
  ssim: 'SSIM, higher is better',
  clap: 'CLAP score, higher is better',
}

const mostPoints = 800

/** The loss, then one panel a metric in the order in which they first appear. */
export function panelsOf(runs: CurveRun[]): Panel[] {
  const loss: Panel = { title: 'loss', series: runs.flatMap(({ lines }, i) => lossOf(lines, i)) }
  const names = new Set<string>()
  for (const { lines } of runs) {
    for (const { metrics } of lines) for (const name of Object.keys(metrics ?? {})) names.add(name)
  }
  const metrics = [...names].map((name): Panel => {
    const series = runs.map(({ lines }, run): Series => {
      const points = pointsOf(lines, (line) => scoreOf(line.metrics?.[name]))
      return { run, kind: 'evaluated', points }
    })
    return {
      title: Object.hasOwn(titles, name) ? titles[name] : name,
      series: series.filter(({ points }) => points.length > 0),
    }
  })
  return [loss, ...metrics.filter(({ series }) => series.length > 0)]
}

function lossOf(lines: MetricsLine[], run: number): Series[] {
  const raw = pointsOf(lines, (line) => line.loss)
  const all: Series[] = [
    { run, kind: 'raw', points: thin(raw, mean) },
    { run, kind: 'smoothed', points: thin(smooth(raw), (points) => points[points.length - 1]) },
    { run, kind: 'evaluated', points: pointsOf(lines, (line) => line.validationLoss) },
  ]
  return all.filter(({ points }) => points.length > 0)
}

/** In the order of steps; of several lines with the same step the last one counts. */
function pointsOf(lines: MetricsLine[], value: (line: MetricsLine) => number | undefined): Point[] {
  const bySteps = new Map<number, number>()
  for (const line of lines) {
    const number = value(line)
    if (number !== undefined && Number.isFinite(number)) bySteps.set(line.step, number)
  }
  return [...bySteps]
    .map(([step, number]) => ({ step, value: number }))
    .sort((a, b) => a.step - b.step)
}

export function scoreOf(score: unknown): number | undefined {
  if (typeof score === 'number') return score
  if (typeof score !== 'object' || score === null) return undefined
  const fields = score as Record<string, unknown>
  const name = mainNumbers.find((each) => typeof fields[each] === 'number')
  return name === undefined ? undefined : (fields[name] as number)
}

/**
 * Mean of all points so far with weights that fall by e in a 50th of the steps shown: the loss of
 * one step says little, since each has timesteps of its own.
 */
export function smooth(points: Point[]): Point[] {
  if (points.length === 0) return []
  const span = Math.max(1, (points[points.length - 1].step - points[0].step) / 50)
  let [sum, weight, last] = [0, 0, points[0].step]
  return points.map(({ step, value }) => {
    const kept = Math.exp(-(step - last) / span)
    sum = sum * kept + value
    weight = weight * kept + 1
    last = step
    return { step, value: sum / weight }
  })
}

/** At most 800 points, each of an equal stretch of steps. */
function thin(points: Point[], one: (points: Point[]) => Point): Point[] {
  if (points.length <= mostPoints) return points
  const first = points[0].step
  const width = (points[points.length - 1].step - first + 1) / mostPoints
  const bins = new Map<number, Point[]>()
  for (const point of points) {
    const index = Math.floor((point.step - first) / width)
    const bin = bins.get(index)
    if (bin) bin.push(point)
    else bins.set(index, [point])
  }
  return [...bins.values()].map(one)
}

function mean(points: Point[]): Point {
  const sum = points.reduce((total, { value }) => total + value, 0)
  return { step: points[points.length >> 1].step, value: sum / points.length }
}
