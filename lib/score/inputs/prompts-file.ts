/** A file of prompts: text, JSON Lines, CSV, or the JSON that `audioldm generate --json` prints. */
import { CsvError, parse as parseCsv } from 'csv-parse/sync'
import { InvalidOptionError } from '../../errors.js'
import { readTextFile } from '../../files/text-file.js'

export interface PromptEntry {
  /** '' where a clip was made from no text. */
  prompt: string
  name?: string
}

const option = 'prompts'
const promptFields = ['prompt', 'caption', 'text']
const nameFields = ['name', 'file_name', 'file', 'path']
const some = (fields: string[]) => `${fields.slice(0, -1).join(', ')} or ${fields.at(-1)}`

/** @throws InvalidOptionError naming the file, and the line where there are lines. */
export async function readPromptsFile(path: string): Promise<PromptEntry[]> {
  const text = await readTextFile(option, path)
  const [, kind] = /\.(jsonl|ndjson|json|csv|tsv)$/i.exec(path) ?? []
  const entries = readers[kind?.toLowerCase() ?? 'txt'](path, text)
  if (entries.length === 0) throw new InvalidOptionError(option, `${path} has no prompts`)
  return entries
}

const readers: Record<string, (path: string, text: string) => PromptEntry[]> = {
  txt: (_, text) => lines(text).map(({ line }) => ({ prompt: line })),
  jsonl: readJsonLines,
  ndjson: readJsonLines,
  json: readJson,
  csv: (path, text) => readTable(path, text, ','),
  tsv: (path, text) => readTable(path, text, '\t'),
}

/** Those that are not blank, as `generate` counts prompts. */
function lines(text: string): { line: string; number: number }[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== '')
}

function readJsonLines(path: string, text: string): PromptEntry[] {
  return lines(text).map(({ line, number }) => {
    const where = `${path} line ${number}`
    return toEntry(where, parseJson(where, line))
  })
}

/** `{ files: […] }` of generate, a list of prompts, or prompts by file name. */
function readJson(path: string, text: string): PromptEntry[] {
  const value = parseJson(path, text)
  if (Array.isArray(value)) return value.map((item, i) => toEntry(`${path}: item ${i}`, item))
  const { files } = fields(path, value)
  if (Array.isArray(files)) {
    return files.map((file, i) => {
      const { prompt, path: name } = fields(`${path}: files[${i}]`, file)
      return toEntry(`${path}: files[${i}]`, { prompt, path: name })
    })
  }
  return Object.entries(fields(path, value)).map(([name, prompt]) =>
    toEntry(`${path}: ${name}`, { prompt, name }),
  )
}

function readTable(path: string, text: string, delimiter: string): PromptEntry[] {
  let rows: string[][]
  try {
    rows = parseCsv(text, { delimiter, trim: true, skip_empty_lines: true })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new InvalidOptionError(option, `${path}: ${error.message}`)
  }
  const [header = [], ...rest] = rows
  const columns = header.map((name) => name.toLowerCase())
  const column = (names: string[]) => columns.findIndex((name) => names.includes(name))
  const [prompt, name] = [column(promptFields), column(nameFields)]
  if (prompt < 0) {
    const message = `${path}: its first row names no column ${some(promptFields)}`
    throw new InvalidOptionError(option, message)
  }
  return rest.map((row) => ({ prompt: row[prompt], ...(name >= 0 && { name: row[name] }) }))
}

/** Of a line or an item: a text, or an object of which other fields do not count. */
function toEntry(where: string, value: unknown): PromptEntry {
  if (typeof value === 'string') return { prompt: value }
  const object = fields(where, value)
  const [prompt, name] = [promptFields, nameFields].map((names) => {
    const field = names.find((each) => object[each] !== undefined)
    return field === undefined ? undefined : { field, value: object[field] }
  })
  for (const found of [prompt, name]) {
    if (found && typeof found.value !== 'string') {
      throw new InvalidOptionError(option, `${where}: ${found.field} is no text`)
    }
  }
  // What was generated from a sound alone has none.
  const entry = { prompt: (prompt?.value as string | undefined) ?? '' }
  return name ? { ...entry, name: name.value as string } : entry
}

function fields(where: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  const expected = `expected a text, or an object with ${some(promptFields)}`
  throw new InvalidOptionError(option, `${where}: ${expected}`)
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidOptionError(option, `${where} is not JSON: ${(error as Error).message}`)
  }
}
