/** Takes on their way: pieces are played as they come and put together. */
import type { Request, ServerEvent } from './api.js'
import { toSamples } from './base64.js'
import type { LivePlayer } from './live-player.js'
import { tell } from './status.js'
import type { Take } from './take.js'

export class Making {
  readonly #request: Request
  readonly #how: string | undefined
  readonly #live: LivePlayer
  readonly #onTake: (take: Take) => Promise<void>
  readonly #pieces = new Map<number, Float32Array<ArrayBuffer>[]>()
  readonly #warnings = new Set<string>()
  #made = 0

  constructor(
    request: Request,
    how: string | undefined,
    live: LivePlayer,
    { onTake }: { onTake: (take: Take) => Promise<void> },
  ) {
    this.#request = request
    this.#how = how
    this.#live = live
    this.#onTake = onTake
  }

  /** For when all is done. */
  get summary(): string {
    const done = this.#made === 1 ? 'Done.' : `${this.#made} takes are done.`
    const warnings = [...this.#warnings].map((text) => `Note: ${text}.`)
    return [done, ...warnings].join(' ')
  }

  async handle(event: ServerEvent): Promise<void> {
    tell(event, this.#made, this.#request.count)
    if (event.type === 'warning') this.#warnings.add(event.message)
    if (event.type === 'audio') {
      const samples = toSamples(event.samples)
      const pieces = this.#pieces.get(event.index) ?? []
      this.#pieces.set(event.index, [...pieces, samples])
      // The others follow in the list.
      if (event.index === 0) this.#live.play(samples, event.sampleRate)
    }
    if (event.type === 'clip') {
      const { index, samples, sampleRate, channels, settings } = event
      const whole = samples === undefined ? join(this.#pieces.get(index) ?? []) : toSamples(samples)
      this.#pieces.delete(index)
      this.#made++
      await this.#onTake({
        ...{ created: Date.now(), model: this.#request.model, settings, sampleRate, channels },
        ...{ samples: whole, ...(this.#how && { how: this.#how }) },
      })
    }
  }
}

function join(pieces: Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
