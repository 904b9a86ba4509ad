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

class Reader {
  private at = 0

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`)
    this.skipSpace()
    const first = this.text[this.at]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return this.string()
    return this.atom()
  }

  end(): void {
    this.skipSpace()
    if (this.at !== this.text.length) this.fail('something follows the end of the value')
  }

  private object(depth: number): Json {
    const object: { [key: string]: Json } = Object.create(null)
    this.at++
    if (this.accept('}')) return object
    do {
      this.skipSpace()
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

  private string(): string {
    const start = this.at
    if (this.text[start] !== '"') this.fail('a string was expected')
    let end = start + 1
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1
    try {
      const value = JSON.parse(this.text.slice(start, end + 1)) as string
      this.at = end + 1
      return value
    } catch {
      return this.fail('a malformed string')
    }
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

  private expect(token: string): void {
    if (!this.accept(token)) this.fail(`${token} was expected`)
  }

  private accept(token: string): boolean {
    this.skipSpace()
    if (this.text[this.at] !== token) return false
    this.at++
    return true
  }

  private skipSpace(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '!')) this.at++
  }

  private fail(what: string): never {
    throw new Error(`${what} (at character ${this.at})`)
  }
}
