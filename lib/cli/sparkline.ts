/** A row of block characters that shows how a number went. */

const blocks = '▁▂▃▄▅▆▇█'

interface Bin {
  sum: number
  count: number
}

/** Takes any number of values in constant memory: old ones are averaged, two by two. */
export class Sparkline {
  #bins: Bin[] = []
  #perBin = 1
  readonly #width: number

  constructor(width: number) {
    this.#width = width
  }

  /** Values that are not finite are left out. */
  add(value: number): void {
    if (!Number.isFinite(value)) return
    const last = this.#bins[this.#bins.length - 1]
    if (last !== undefined && last.count < this.#perBin) {
      last.sum += value
      last.count++
      return
    }
    if (this.#bins.length === 2 * this.#width) this.#halve()
    this.#bins.push({ sum: value, count: 1 })
  }

  /** From the first value to the newest; between the lowest and the highest of what is shown. */
  toString(): string {
    const group = Math.ceil(this.#bins.length / this.#width)
    const means: number[] = []
    for (let i = 0; i < this.#bins.length; i += group) {
      const part = this.#bins.slice(i, i + group)
      means.push(total(part, 'sum') / total(part, 'count'))
    }
    const [low, high] = [Math.min(...means), Math.max(...means)]
    const scale = high > low ? (blocks.length - 1) / (high - low) : 0
    return means.map((mean) => blocks[Math.round((mean - low) * scale)]).join('')
  }

  #halve(): void {
    const pairs: Bin[] = []
    for (let i = 0; i < this.#bins.length; i += 2) {
      const pair = this.#bins.slice(i, i + 2)
      pairs.push({ sum: total(pair, 'sum'), count: total(pair, 'count') })
    }
    this.#bins = pairs
    this.#perBin *= 2
  }
}

function total(bins: Bin[], field: 'sum' | 'count'): number {
  return bins.reduce((sum, bin) => sum + bin[field], 0)
}
