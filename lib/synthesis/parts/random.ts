/** Seeded random numbers: equal names give equal numbers on every machine. */
import { createHash } from 'node:crypto'

export class Random {
  private readonly state: Uint32Array

  /** `name`: the parts of what is drawn for, such as a seed, a class and the number of a clip. */
  constructor(...name: readonly (string | number | bigint)[]) {
    const hash = createHash('sha256').update(name.join('\n')).digest()
    this.state = Uint32Array.from({ length: 4 }, (_, i) => hash.readUInt32LE(4 * i))
  }

  /** In [0, 1): sfc32 by Chris Doty-Humphrey. */
  next(): number {
    const s = this.state
    const sum = (s[0] + s[1] + s[3]) >>> 0
    s[3]++
    s[0] = s[1] ^ (s[1] >>> 9)
    s[1] = s[2] + (s[2] << 3)
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum
    return sum / 4294967296
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** Uniform in the logarithm: as often between 1 and 2 as between 2 and 4. */
  ratio(low: number, high: number): number {
    return low * (high / low) ** this.next()
  }

  /** Within a part `spread` of `value`, above and below. */
  near(value: number, spread: number): number {
    return value * (1 + spread * (2 * this.next() - 1))
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.next())
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]
  }

  /** A waiting time between events that come at `rate` a second and know nothing of each other. */
  wait(rate: number): number {
    return -Math.log(1 - this.next()) / rate
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list]
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.whole(0, i)
      ;[result[i], result[j]] = [result[j], result[i]]
    }
    return result
  }
}
