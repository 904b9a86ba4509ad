import { JsonScanner } from './json-scanner.js'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

const MAX_DEPTH = 32

/**
 * Parses JSON as Python writes it, more strictly than `JSON.parse`, which keeps the last of
 * duplicate keys and nests as deep as a file likes. Objects have no prototype, so `__proto__` is a
 * key as any other. NaN, Infinity (diffusers writes both into fields we do not read) and 1e400 come
 * out as such: who uses a number checks it. Throws a plain Error that says what and where.
 */
export function parseJson(text: string): Json {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

class Reader extends JsonScanner {
  value(depth: number): Json {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`)
    this.skipSpace()
    const first = this.text[this.at]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return this.string()
    return this.atom()
  }

  private object(depth: number): Json {
    const object: { [key: string]: Json } = Object.create(null)
    this.at++
    if (this.accept('}')) return object
    do {
      const key = this.string()
      if (key in object) this.fail(`${JSON.stringify(key)} is there twice`)
      this.expect(':')
      object[key] = this.value(depth + 1)
    } while (this.accept(','))
    this.expect('}')
    return object
  }

  private array(depth: number): Json {
    const array: Json[] = []
    this.at++
    if (this.accept(']')) return array
    do array.push(this.value(depth + 1))
    while (this.accept(','))
    this.expect(']')
    return array
  }

  private atom(): Json {
    const word = /[-+.\w]*/y
    word.lastIndex = this.at
    const token = word.exec(this.text)?.[0] ?? ''
    let value: Json
    try {
      value = /^(NaN|-?Infinity)$/.test(token) ? Number(token) : (JSON.parse(token) as Json)
    } catch {
      return this.fail('a value was expected')
    }
    this.at += token.length
    return value
  }
}
