/** From cells to the tables of the paper, and one of what each metric notices. */

import { cellsOf, groupBy, nameOf } from '../names.js'
import { type Column, columnsOf, numberOf, overRepeats } from '../numbers.js'
import type { StudyCell, StudyResults } from '../results.js'
import { type Entry, markBest, type Table } from './table.js'

/** Those that there are cells of. */
export function tablesOf({ cells }: StudyResults): Table[] {
  const tables = [
    baseline(cellsOf(cells, 'baseline')),
    fineTuning(cellsOf(cells, 'fine-tuning')),
    sensitivity(cellsOf(cells, 'sensitivity')),
  ]
  return tables.filter(({ groups }) => groups.length > 0)
}

const marks =
  'Bold: better than every other number of its group, by more than the 95 % interval of the difference. ' +
  '≈: no difference from the best is shown. Neither: worse than the best; or there are no intervals.'

/** Table I: a model as it is. */
function baseline(cells: readonly StudyCell[]): Table {
  const columns = columnsOf(cells.map(({ score }) => score))
  const systems = cells.some(({ labels }) => labels.system !== undefined)
  const groups = groupBy(cells, 'dataset').map((dataset) => {
    const rows = groupBy(dataset.cells, 'system', 'condition').map(({ of, cells: repeats }) => [
      { text: nameOf(dataset.of.dataset) },
      ...(systems ? [{ text: nameOf(of.system) }] : []),
      { text: nameOf(of.condition) },
      ...entriesOf(repeats, columns),
    ])
    return marked(rows, columns, systems ? 3 : 2)
  })
  return {
    id: 'table-1',
    title: 'Generation without training, by data set and condition',
    notes: [marks, countNote(cells)],
    head: ['data set', ...(systems ? ['system'] : []), 'condition', ...headsOf(columns)],
    keys: systems ? 3 : 2,
    groups,
  }
}

/** Table II: with and without a start that was trained, by training condition. */
function fineTuning(cells: readonly StudyCell[]): Table {
  const columns = columnsOf(cells.map(({ score }) => score))
  const groups = groupBy(cells, 'dataset').map((dataset) => {
    const rows = groupBy(dataset.cells, 'pretrained', 'trainCondition').map(
      ({ of, cells: repeats }) => [
        { text: nameOf(dataset.of.dataset) },
        { text: of.pretrained === true ? '✓' : '✗' },
        { text: nameOf(of.trainCondition) },
        ...entriesOf(repeats, columns),
        stepsOf(repeats),
      ],
    )
    return marked(rows, columns, 3)
  })
  const repeats = new Set(cells.map(({ labels }) => labels.repeat ?? 0)).size
  const mean =
    repeats > 1
      ? [`Means over up to ${repeats} training seeds; intervals are of clips and seeds together.`]
      : ['One training seed: intervals are of the clips alone.']
  return {
    id: 'table-2',
    title: 'Fine-tuning, by data set, pre-training and training condition; tested on text',
    notes: [marks, ...mean, countNote(cells)],
    head: ['data set', 'pre-training', 'condition', ...headsOf(columns), 'steps (K)'],
    keys: 3,
    groups,
  }
}

/** What Figure 1 draws. */
function sensitivity(cells: readonly StudyCell[]): Table {
  const columns = columnsOf(cells.map(({ score }) => score))
  const groups = groupBy(cells, 'dataset', 'corruption').map(({ of, cells: points }) =>
    groupBy(points, 'strength').map(({ of: { strength }, cells: repeats }) => [
      { text: nameOf(of.dataset) },
      { text: nameOf(of.corruption) },
      { text: String(strength) },
      ...entriesOf(repeats, columns),
    ]),
  )
  return {
    id: 'sensitivity',
    title: 'What each metric notices: references against corrupted copies',
    notes: ['Strength 0 is the uncorrupted copy.', countNote(cells)],
    head: ['data set', 'corruption', 'strength', ...headsOf(columns)],
    keys: 3,
    groups,
  }
}

function marked(rows: Entry[][], columns: Column[], keys: number): Entry[][] {
  markBest(
    rows,
    columns.map((column, i) => ({ at: keys + i, column })),
  )
  return rows
}

function headsOf(columns: Column[]): string[] {
  return columns.map(({ title, better }) => `${title} ${better === 'lower' ? '↓' : '↑'}`)
}

function entriesOf(repeats: readonly StudyCell[], columns: Column[]): Entry[] {
  return columns.map(({ metric }) => {
    const numbers = repeats.map(({ score }) => numberOf(score, metric))
    const number = overRepeats(numbers.filter((each) => each !== undefined))
    return number === undefined ? { text: '–' } : { number }
  })
}

/** Of the best checkpoint, in thousands. */
function stepsOf(repeats: readonly StudyCell[]): Entry {
  const steps = repeats.flatMap(({ training }) => (training ? [training.bestStep / 1000] : []))
  if (steps.length === 0) return { text: '–' }
  const mean = steps.reduce((sum, each) => sum + each, 0) / steps.length
  return { text: String(Number(mean.toPrecision(3))) }
}

/** How many clips numbers are of, and what is missing. */
function countNote(cells: readonly StudyCell[]): string {
  const counts = [...new Set(cells.map(({ score }) => score.generated.count))].sort((a, b) => a - b)
  const many = counts.length > 1 ? `${counts[0]} to ${counts[counts.length - 1]}` : `${counts[0]}`
  const skipped = cells.reduce(
    (sum, { score, skipped: untested }) =>
      sum +
      untested.length +
      score.generated.skipped.length +
      (score.reference?.skipped.length ?? 0),
    0,
  )
  const left = skipped === 0 ? 'none skipped' : `${skipped} skipped in all`
  return `Clips of a number: ${many}; ${left}.`
}
