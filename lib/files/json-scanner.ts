/**
 * The tokens of JSON, for readers stricter than `JSON.parse`: they go through a text by what they
 * expect next. Failures are plain Errors that say what and where.
 */
export class JsonScanner {
  protected at = 0

  constructor(protected readonly text: string) {}

  string(): string {
    this.skipSpace()
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

  /** Nothing but space may be left after what was `last`. */
  end(last = 'the end of the value'): void {
    this.skipSpace()
    if (this.at !== this.text.length) this.fail(`something follows ${last}`)
  }

  fail(what: string): never {
    throw new Error(`${what} (at character ${this.at})`)
  }

  protected expect(token: string): void {
    if (!this.accept(token)) this.fail(`${token} was expected`)
  }

  protected accept(token: string): boolean {
    this.skipSpace()
    if (this.text[this.at] !== token) return false
    this.at++
    return true
  }

  protected skipSpace(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '!')) this.at++
  }
}
