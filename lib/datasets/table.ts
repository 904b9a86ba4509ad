/** CSV whose first row names the columns. */
import { InvalidOptionError } from '../errors.js'
import type { ClipList } from './clip-list.js'
import { csvRows } from './csv.js'
import { checkRows, readList } from './list-file.js'

export interface TableRow {
  line: number
  /** The cell of the first of these columns (lower case) that there is, or ''. */
  get(...columns: string[]): string
}

/**
 * The rows that have a cell for every column; others are reported to `clips`. Columns may come in
 * any order, in upper or lower case, and among others. Of each in `required` there must be one, of
 * those in an inner list any.
 */
export async function* tableRows(
  path: string,
  required: readonly (string | string[])[],
  clips: Pick<ClipList, 'reject'>,
  signal?: AbortSignal,
): AsyncGenerator<TableRow, void, undefined> {
  let columns: Map<string, number> | undefined
  let rows = 0
  for await (const { line, cells, reason } of csvRows(await readList(path), { signal })) {
    if (!columns) {
      columns = new Map((cells ?? []).map((name, i) => [name.toLowerCase(), i]))
      requireColumns(path, columns, required)
      continue
    }
    checkRows(path, ++rows)
    const problem = reason ?? rowProblem(cells ?? [], columns.size)
    if (problem === undefined) yield { line, get: getter(cells ?? [], columns) }
    else clips.reject(line, problem)
  }
  if (!columns) throw new InvalidOptionError('dataset', `${path} is empty`)
}

function getter(cells: string[], columns: Map<string, number>): TableRow['get'] {
  return (...names) => {
    const name = names.find((each) => columns.has(each))
    return name === undefined ? '' : cells[columns.get(name) as number]
  }
}

function requireColumns(
  path: string,
  columns: Map<string, number>,
  required: readonly (string | string[])[],
): void {
  const names = required.map((name) => [name].flat())
  const absent = names.find((each) => !each.some((name) => columns.has(name.toLowerCase())))
  if (absent === undefined) return
  const there = [...columns.keys()].join(', ').slice(0, 200)
  throw new InvalidOptionError(
    'dataset',
    `${path} has no column ${absent.join(' or ')}; its first row: ${there}`,
  )
}

/** Why the cells cannot be used, whatever they mean. */
export function rowProblem(cells: string[], columns: number): string | undefined {
  if (cells.length < columns) return `has ${cells.length} cells, not ${columns}`
  if (cells.length > columns) {
    return `has ${cells.length} cells, not ${columns}: is a text with commas not in quotes?`
  }
  return cells.some((cell) => cell.includes('\ufffd')) ? 'is not UTF-8 text' : undefined
}
