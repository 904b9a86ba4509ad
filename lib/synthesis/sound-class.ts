/** What a class of sounds is: what it is called, how its clips differ, and how one is rendered. */

import type { Random } from './parts/random.js'
import { samplesOf } from './parts/rate.js'
import type { Axes, Axis } from './wording/axes.js'
import type { Subject } from './wording/subject.js'

export interface SoundClass {
  /** As the category of a clip: 'church_bell'. */
  name: string
  /** What is heard, in one line. */
  about: string
  subjects: readonly Subject[]
  /** Besides `distance`, which every class has. */
  axes: Axes
  /** What the sound is in before anything is around it; any peak. */
  render(take: Take): Float32Array
}

/** One clip to be rendered. */
export class Take {
  constructor(
    readonly random: Random,
    readonly seconds: number,
    /** From 0 to 1 by axis; an end is the lower or the upper third. */
    private readonly positions: Readonly<Partial<Record<Axis, number>>>,
  ) {}

  /** A buffer of silence as long as the clip. */
  silence(): Float32Array {
    return new Float32Array(samplesOf(this.seconds))
  }

  /** The clip's place on an axis between two values, in equal ratios. */
  along(axis: Axis, from: number, to: number): number {
    return from * (to / from) ** (this.positions[axis] ?? 0.5)
  }

  /** When the first event begins: at once in a short clip, within 0.2 s in a long one. */
  start(): number {
    return this.random.between(0.01, 0.04) * Math.min(5, this.seconds)
  }

  /** Times of events from shortly after the start, `interval` apart give or take a part of it. */
  *every(interval: number, jitter = 0): Generator<number, void, undefined> {
    let t = Math.min(this.start(), 0.3 * interval)
    while (t < this.seconds - 0.02) {
      yield t
      t += this.random.near(interval, jitter)
    }
  }

  /** Times of events that know nothing of each other, `rate` a second. */
  *scattered(rate: number): Generator<number, void, undefined> {
    let t = Math.min(this.random.wait(rate), this.start())
    while (t < this.seconds) {
      yield t
      t += this.random.wait(rate)
    }
  }
}
