/** How fast training goes, measured over the last steps. */
const stepsKept = 20

export class Pace {
  readonly #clips: number
  #times = [performance.now()]

  constructor({ batchSize, accumulate }: { batchSize: number; accumulate: number }) {
    this.#clips = batchSize * accumulate
  }

  /** A step has ended: clips per second. */
  step(): number {
    this.#times.push(performance.now())
    if (this.#times.length > stepsKept + 1) this.#times.shift()
    return this.#clips / this.#secondsPerStep
  }

  secondsFor(steps: number): number {
    return steps * this.#secondsPerStep
  }

  get #secondsPerStep(): number {
    const [first] = this.#times
    const last = this.#times[this.#times.length - 1]
    return Math.max(1e-6, (last - first) / 1000 / (this.#times.length - 1))
  }
}
