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

/** All but the first are the names of other tools. */
const fileColumns = ['file', 'file_name', 'filename', 'path', 'audio_filepath', 'audio', 'wav']
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
    const part = partOf((name) => {
      const text = row.get(name)
      if (text === '') return undefined
      return /^\d{1,9}(\.\d*)?$/.test(text) ? Number(text) : Number.NaN
    })
    if (typeof part === 'string') clips.reject(row.line, part)
    else yield { ...entry, ...part }
  }
}

type Part = Pick<FolderEntry, 'start' | 'end'>

/**
 * The part of the file by start and end or, as NeMo writes it, by offset and duration; a duration
 * alone is that of the file. `seconds`: NaN of what is no number of seconds; a text says which is.
 */
function partOf(seconds: (name: string) => number | undefined): Part | string {
  const times = { start: seconds('start'), end: seconds('end'), offset: seconds('offset') }
  const { offset } = times
  const duration = offset === undefined ? undefined : seconds('duration')
  const wrong = Object.entries({ ...times, duration }).find(([, time]) => Number.isNaN(time))
  if (wrong) return `${wrong[0]} is not a number of seconds`
  const start = times.start ?? offset
  const behind = offset === undefined || duration === undefined ? undefined : offset + duration
  const end = times.end ?? behind
  return { ...(start !== undefined && { start }), ...(end !== undefined && { end }) }
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
  if (typeof file !== 'string') return 'names no file'
  if (!captions || !labels) return 'has a caption or label that is not text'
  const part = partOf((name) => {
    const time = fields[name] ?? undefined
    return time === undefined || isSeconds(time) ? time : Number.NaN
  })
  return typeof part === 'string' ? part : { ...{ line, file, captions, labels }, ...part }
}

function isSeconds(time: unknown): time is number {
  return typeof time === 'number' && time >= 0 && time < 1e9
}

function texts(value: unknown): string[] | undefined {
  const list = value == null ? [] : Array.isArray(value) ? value : [value]
  return list.every((each) => typeof each === 'string') ? (list as string[]) : undefined
}
