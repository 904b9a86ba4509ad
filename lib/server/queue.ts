/** Requests that need a model take turns: one works, a bounded number wait in the order they came. */
import { AbortError, RequestError } from '../errors.js'

interface Waiting {
  begin: () => void
  onPlace: (before: number) => void
}

export class Queue {
  readonly #limit: number
  readonly #waiting: Waiting[] = []
  readonly #idle: (() => void)[] = []
  #working = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get working(): number {
    return this.#working ? 1 : 0
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Resolves when it is this one's turn, with what ends the turn; `onPlace` is told how many are
   * before it, whenever that changes.
   * @throws RequestError at once where too many wait; the promise rejects with AbortError
   */
  enter(signal: AbortSignal, onPlace: (before: number) => void = () => {}): Promise<() => void> {
    if (signal.aborted) throw new AbortError(signal.reason)
    if (!this.#working) {
      this.#working = true
      return Promise.resolve(this.#turn())
    }
    if (this.#waiting.length >= this.#limit) {
      const message = `${this.#limit} requests are waiting already`
      throw new RequestError('BUSY', message, 'Ask again after the seconds of Retry-After.')
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1)
        this.#tellPlaces()
        reject(new AbortError(signal.reason))
      }
      const entry: Waiting = {
        begin: () => {
          signal.removeEventListener('abort', leave)
          resolve(this.#turn())
        },
        onPlace,
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(entry)
      onPlace(this.#waiting.length)
    })
  }

  /** Resolves when nobody works. */
  async idle(): Promise<void> {
    if (this.#working) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #turn(): () => void {
    let over = false
    return () => {
      if (over) return
      over = true
      const next = this.#waiting.shift()
      this.#working = next !== undefined
      next?.begin()
      this.#tellPlaces()
      if (!next) for (const resolve of this.#idle.splice(0)) resolve()
    }
  }

  #tellPlaces(): void {
    for (const [i, { onPlace }] of this.#waiting.entries()) onPlace(i + 1)
  }
}
