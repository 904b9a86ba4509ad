import { JsonScanner } from '../files/json-scanner.js'

/** One entry of a safetensors header, as written there. */
export interface HeaderEntry {
  dtype: string
  shape: number[]
  begin: number
  end: number
}

export interface Header {
  tensors: Map<string, HeaderEntry>
  metadata: Map<string, string>
}

/**
 * Parses the JSON of a safetensors header. `JSON.parse` would let pass what must not: duplicate
 * keys, `64.0`, 1e400, and arrays nested as deep as the stack. This reads the one grammar there is:
 * names, each with dtype, shape and data_offsets, beside an optional `__metadata__` of strings.
 * Throws a plain Error that says what and where.
 */
export function parseHeader(text: string, maxRank: number): Header {
  const json = new Cursor(text)
  const tensors = new Map<string, HeaderEntry>()
  let metadata: Map<string, string> | undefined
  if (text[0] !== '{') json.fail('the header must begin with {')
  json.object((name) => {
    if (name === '__metadata__') {
      if (metadata) json.fail('__metadata__ is there twice')
      metadata = readMetadata(json)
    } else {
      if (tensors.has(name)) json.fail(`the tensor ${JSON.stringify(name)} is there twice`)
      tensors.set(name, readEntry(json, name, maxRank))
    }
  })
  json.end('the closing brace')
  return { tensors, metadata: metadata ?? new Map() }
}

function readMetadata(json: Cursor): Map<string, string> {
  const metadata = new Map<string, string>()
  json.object((key) => {
    if (metadata.has(key)) json.fail(`metadata ${JSON.stringify(key)} is there twice`)
    metadata.set(key, json.string())
  })
  return metadata
}

function readEntry(json: Cursor, name: string, maxRank: number): HeaderEntry {
  let dtype: string | undefined
  let shape: number[] | undefined
  let offsets: number[] | undefined
  json.object((field) => {
    if (field === 'dtype' && dtype === undefined) dtype = json.string()
    else if (field === 'shape' && shape === undefined) shape = json.integers(maxRank)
    else if (field === 'data_offsets' && offsets === undefined) offsets = json.integers(2)
    else
      json.fail(`${JSON.stringify(name)} has an unknown or repeated field ${JSON.stringify(field)}`)
  })
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
    return json.fail(`${JSON.stringify(name)} needs dtype, shape and two data_offsets`)
  }
  return { dtype, shape, begin: offsets[0], end: offsets[1] }
}

class Cursor extends JsonScanner {
  object(member: (key: string) => void): void {
    this.expect('{')
    if (this.accept('}')) return
    do {
      const key = this.string()
      this.expect(':')
      member(key)
    } while (this.accept(','))
    this.expect('}')
  }

  integers(limit: number): number[] {
    const values: number[] = []
    this.expect('[')
    if (this.accept(']')) return values
    do {
      if (values.length === limit) this.fail(`more than ${limit} numbers`)
      values.push(this.integer())
    } while (this.accept(','))
    this.expect(']')
    return values
  }

  private integer(): number {
    this.skipSpace()
    const digits = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y
    digits.lastIndex = this.at
    const match = digits.exec(this.text)
    const value = match ? Number(match[0]) : Number.NaN
    if (!match || !Number.isSafeInteger(value)) {
      return this.fail('a non-negative integer below 2^53 was expected')
    }
    this.at = digits.lastIndex
    return value
  }

  override fail(what: string): never {
    throw new Error(`${what} (at character ${this.at} of the header)`)
  }
}
