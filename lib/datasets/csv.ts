/**
 * CSV as data sets have it: any line ending, quotes and blanks where they should not be. A damaged
 * row is reported and the next line is read as if nothing had been.
 */
import { setImmediate } from 'node:timers/promises'
import { CsvError, parse } from 'csv-parse/sync'
import { AbortError } from '../errors.js'

export interface CsvRow {
  line: number
  /** Trimmed; undefined where the row is damaged, and `reason` says how. */
  cells?: string[]
  reason?: string
}

export interface CsvOptions {
  /** Lines that begin with '#' are passed over. */
  comments?: boolean
  signal?: AbortSignal
}

const blockBytes = 256 * 1024
const maxRowBytes = 64 * 1024
/** Looking for the end of an open quote takes time; a file full of them is no CSV. */
const maxDamaged = 1000
const [lineFeed, carriageReturn, hash] = [0x0a, 0x0d, 0x23]

/** The rows of a file, in blocks, with other work let through in between. */
export async function* csvRows(
  bytes: Buffer,
  { comments = false, signal }: CsvOptions = {},
): AsyncGenerator<CsvRow, void, undefined> {
  const lines = new LineCounter(bytes)
  let columns: number | undefined
  let damaged = 0
  let at = 0
  while (at < bytes.length) {
    const end = lineEnd(bytes, Math.min(at + blockBytes, bytes.length))
    const block = parseBlock(bytes.subarray(at, end), comments, columns)
    for (const { cells, from } of block.rows) {
      columns ??= cells.length
      yield { line: lines.at(skipped(bytes, at + from, comments)), cells }
    }
    const stop = skipped(bytes, at + block.parsed, comments)
    if (block.reason === undefined) {
      at = end
    } else if (block.openQuote && end < bytes.length && end - stop < maxRowBytes) {
      // The row goes on behind the block, which ended in the middle of a quoted cell.
      at = stop
    } else {
      damaged++
      if (damaged > maxDamaged) {
        const reason = `is the last that was read: ${maxDamaged} rows before it are damaged`
        yield { line: lines.at(stop), reason }
        return
      }
      yield { line: lines.at(stop), reason: block.reason }
      at = lineEnd(bytes, stop + 1)
    }
    await setImmediate()
    if (signal?.aborted) throw new AbortError(signal.reason)
  }
}

interface Block {
  rows: { cells: string[]; from: number }[]
  /** Where the first row begins that could not be parsed. */
  parsed: number
  reason?: string
  openQuote?: boolean
}

/** `columns`: of the first row of the file; undefined where the block begins with it. */
function parseBlock(bytes: Buffer, comments: boolean, columns?: number): Block {
  const block: Block = { rows: [], parsed: 0 }
  let expected = columns
  try {
    parse(bytes, {
      trim: true,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: maxRowBytes,
      ...(comments && { comment: '#', comment_no_infix: true }),
      info: true,
      on_record: (row: unknown) => {
        const { record, info } = row as { record: string[]; info: { bytes: number } }
        expected ??= record.length
        const swallowed = record.length !== expected && record.some((cell) => /[\r\n]/.test(cell))
        if (swallowed) throw new SwallowedLines()
        block.rows.push({ cells: record, from: block.parsed })
        block.parsed = info.bytes
        return null
      },
    })
  } catch (error) {
    if (error instanceof SwallowedLines) return { ...block, reason: 'a quote is not closed' }
    if (!(error instanceof CsvError)) throw error
    block.openQuote = error.code === 'CSV_QUOTE_NOT_CLOSED'
    block.reason =
      error.code === 'CSV_MAX_RECORD_SIZE'
        ? `is longer than ${maxRowBytes} bytes, or a quote is not closed`
        : block.openQuote
          ? 'a quote is not closed'
          : 'there is text behind the closing quote of a cell'
  }
  return block
}

/** An open quote took in the lines up to the next quote: the row has not the cells that it should. */
class SwallowedLines extends Error {}

/** The first byte from `at` on that belongs to a row: not to a blank line or a comment. */
function skipped(bytes: Buffer, at: number, comments: boolean): number {
  for (;;) {
    let text = at
    while (bytes[text] === 0x20 || bytes[text] === 0x09) text++
    const blank = bytes[text] === lineFeed || bytes[text] === carriageReturn
    if (!blank && !(comments && bytes[text] === hash)) return at
    at = lineEnd(bytes, text + 1)
  }
}

/** Behind the line that the byte before `at` is in. */
function lineEnd(bytes: Buffer, at: number): number {
  let end = at - 1
  while (end < bytes.length && bytes[end] !== lineFeed && bytes[end] !== carriageReturn) end++
  if (bytes[end] === carriageReturn && bytes[end + 1] === lineFeed) end++
  return Math.min(end + 1, bytes.length)
}

/** Line numbers from 1, asked for in the order of the file. */
class LineCounter {
  private line = 1
  private counted = 0

  constructor(private readonly bytes: Buffer) {}

  at(offset: number): number {
    for (; this.counted < offset; this.counted++) {
      const byte = this.bytes[this.counted]
      const ends =
        byte === lineFeed || (byte === carriageReturn && this.bytes[this.counted + 1] !== lineFeed)
      if (ends) this.line++
    }
    return this.line
  }
}
