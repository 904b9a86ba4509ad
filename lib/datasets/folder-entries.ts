/** What the captions of a folder say, row by row, from CSV or JSON Lines. */
import { AbortError, InvalidOptionError } from '../errors.js'
import type { ClipList } from './clip-list.js'
import { checkRows, readList } from './list-file.js'
import { tableRows } from './table.js'

export interface FolderEntry {
  line: number
  file: string
  captions: string[]
  labels: string[]
  start?: number
  end?: number
}

type Rejections = Pick<ClipList, 'reject'>

/** `file_name` and `text` are the names of other tools. */
const fileColumns = ['file', 'file_name', 'filename', 'path']
const captionColumns = ['caption', 'text']
const labelColumns = ['label', 'labels']
const maxLineBytes = 64 * 1024

/** A cell with several labels separates them by ';'. */
export async function* tableEntries(
  path: string,
  clips: Rejections,
  signal?: AbortSignal,
): AsyncGenerator<FolderEntry, void, undefined> {
  for await (const row of tableRows(
    path,
    [fileColumns, [...captionColumns, ...labelColumns]],
    clips,
    signal,
  )) {
    const entry = {
      line: row.line,
      file: row.get(...fileColumns),
      captions: [row.get(...captionColumns)],
      labels: row.get(...labelColumns).split(';'),
    }
    const start = seconds(row.get('start'))
    const end = seconds(row.get('end'))
    if (start === 'wrong' || end === 'wrong') {
      clips.reject(row.line, 'start and end are not numbers of seconds')
    } else {
      yield { ...entry, ...(start !== undefined && { start }), ...(end !== undefined && { end }) }
    }
  }
}

function seconds(text: string): number | undefined | 'wrong' {
  if (text === '') return undefined
  return /^\d{1,9}(\.\d*)?$/.test(text) ? Number(text) : 'wrong'
}

/** An object a line, with the same names; captions and labels may be lists. */
export async function* jsonEntries(
  path: string,
  clips: Rejections,
  signal?: AbortSignal,
): AsyncGenerator<FolderEntry, void, undefined> {
  const bytes = await readList(path)
  let line = 0
  for (let at = 0; at < bytes.length; ) {
    if (signal?.aborted) throw new AbortError(signal.reason)
    const newline = bytes.indexOf(0x0a, at)
    const end = newline < 0 ? bytes.length : newline
    checkRows(path, ++line)
    const entry =
      end - at > maxLineBytes
        ? `is longer than ${maxLineBytes} bytes`
        : jsonEntry(line, bytes.toString('utf8', at, end))
    if (typeof entry === 'string') clips.reject(line, entry)
    else if (entry) yield entry
    at = end + 1
  }
  if (line === 0) throw new InvalidOptionError('dataset', `${path} is empty`)
}

/** Undefined of a blank line; a text says what is wrong. */
function jsonEntry(line: number, text: string): FolderEntry | string | undefined {
  if (text.trim() === '') return undefined
  if (text.includes('\ufffd')) return 'is not UTF-8 text'
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `is not JSON: ${(error as Error).message}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not an object'
  const fields = value as Record<string, unknown>
  const first = (names: string[]) =>
    names.map((name) => fields[name]).find((field) => field != null)
  const file = first(fileColumns)
  const captions = texts(first([...captionColumns, 'captions']))
  const labels = texts(first(labelColumns))
  const { start, end } = fields
  if (typeof file !== 'string') return 'names no file'
  if (!captions || !labels) return 'has a caption or label that is not text'
  for (const time of [start, end]) {
    if (time != null && !(typeof time === 'number' && time >= 0 && time < 1e9)) {
      return 'start and end are not numbers of seconds'
    }
  }
  return {
    ...{ line, file, captions, labels },
    ...(typeof start === 'number' && { start }),
    ...(typeof end === 'number' && { end }),
  }
}

function texts(value: unknown): string[] | undefined {
  const list = value == null ? [] : Array.isArray(value) ? value : [value]
  return list.every((each) => typeof each === 'string') ? (list as string[]) : undefined
}
