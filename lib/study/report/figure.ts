/** From cells to the figures of the paper. */
import { cellsOf, groupBy, nameOf } from '../names.js'
import { type Column, columnsOf, numberOf, overRepeats, type StudyNumber } from '../numbers.js'
import type { StudyCell, StudyResults } from '../results.js'

export interface FigurePoint {
  x: number
  number: StudyNumber
}

export interface FigureLine {
  name: string
  /** In the order of x. */
  points: FigurePoint[]
}

export interface FigurePanel {
  title: string
  xTitle: string
  /** Each by its place in the figure's list of names. */
  lines: FigureLine[]
}

export interface Figure {
  /** Name of its file. */
  id: string
  title: string
  notes: string[]
  /** Of all lines: a line of one name has one colour in all panels. */
  names: string[]
  /** How many stand side by side. */
  columns: number
  panels: FigurePanel[]
}

const band =
  'Bands are 95 % intervals. Where there are no bands, there are no intervals, and differences mean little.'

/** Those that there are cells of. */
export function figuresOf({ cells }: StudyResults): Figure[] {
  return [...sensitivity(cellsOf(cells, 'sensitivity')), ...curves(cellsOf(cells, 'curves'))]
}

/** Figure 1: what each metric notices. A row of panels for each corruption. */
function sensitivity(cells: readonly StudyCell[]): Figure[] {
  if (cells.length === 0) return []
  const columns = columnsOf(cells.map(({ score }) => score))
  const names = groupBy(cells, 'dataset').map(({ of }) => nameOf(of.dataset))
  const panels = groupBy(cells, 'corruption').flatMap(({ of: { corruption }, cells: points }) =>
    columns.map((column) => ({
      title: `${nameOf(corruption)}: ${titleOf(column)}`,
      xTitle: 'strength',
      lines: groupBy(points, 'dataset').map(({ of, cells: own }) =>
        lineOf(nameOf(of.dataset), own, 'strength', column),
      ),
    })),
  )
  return [
    {
      id: 'figure-1',
      title: 'What each metric notices: references against corrupted copies at rising strength',
      notes: [band],
      names,
      columns: columns.length,
      panels,
    },
  ]
}

/** Figure 2, one for each data set: how fast each way of training converges. */
function curves(cells: readonly StudyCell[]): Figure[] {
  const sets = groupBy(cells, 'dataset')
  return sets.map(({ of: { dataset }, cells: own }, i) => {
    const columns = columnsOf(own.map(({ score }) => score))
    const ways = groupBy(own, 'pretrained', 'trainCondition').map(({ of, cells: points }) => ({
      name: `${of.pretrained === true ? 'pre-trained' : 'from scratch'}, ${nameOf(of.trainCondition)}`,
      points,
    }))
    return {
      id: i === 0 ? 'figure-2' : `figure-2-${i + 1}`,
      title: `How fast each way of training converges: ${nameOf(dataset)}`,
      notes: [band, 'With several training seeds, lines are their means.'],
      names: ways.map(({ name }) => name),
      columns: 2,
      panels: columns.map((column) => ({
        title: titleOf(column),
        xTitle: 'steps',
        lines: ways.map(({ name, points }) => lineOf(name, points, 'step', column)),
      })),
    }
  })
}

function titleOf({ title, better }: Column): string {
  return `${title}, ${better} is better`
}

/** Of several cells at a place, their mean. */
function lineOf(
  name: string,
  cells: readonly StudyCell[],
  label: 'strength' | 'step',
  { metric }: Column,
): FigureLine {
  const points = groupBy(cells, label).flatMap(({ of, cells: repeats }) => {
    const numbers = repeats.map(({ score }) => numberOf(score, metric))
    const number = overRepeats(numbers.filter((each) => each !== undefined))
    return number === undefined ? [] : [{ x: Number(of[label]), number }]
  })
  return { name, points: points.sort((a, b) => a.x - b.x) }
}
