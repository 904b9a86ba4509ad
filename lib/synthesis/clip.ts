/** One clip: where it is on each axis, how it sounds and what is said about it. */
import { peakOf, scale } from './parts/mix.js'
import { Random } from './parts/random.js'
import { place } from './scene.js'
import { type SoundClass, Take } from './sound-class.js'
import { type Axes, type Axis, axisNames, distance } from './wording/axes.js'
import { caption, type Ends } from './wording/caption.js'
import { type Wording, wordingsOf } from './wording/wordings.js'

/** What is said of a clip by axis: 'slow', 'far'; 'medium' where it is at neither end. */
export type Attributes = Partial<Record<Axis, string>>

export interface SyntheticClip {
  samples: Float32Array
  attributes: Attributes
}

const largestPeak = 0.98

export function axesOf({ axes }: SoundClass): Axes {
  return { ...axes, distance }
}

/**
 * The clip with this number of a class: the same whatever other clips are made. Of an axis, two
 * fifths of the clips are at either end.
 */
export class ClipPlan {
  readonly attributes: Attributes = {}
  private readonly ends: Ends = {}
  private readonly positions: Partial<Record<Axis, number>> = {}

  constructor(
    readonly soundClass: SoundClass,
    private readonly seed: number | bigint,
    readonly number: number,
  ) {
    const random = this.random('attributes')
    const axes = axesOf(soundClass)
    for (const axis of axisNames) {
      const words = axes[axis]
      const [where, within] = [random.next(), random.next()]
      if (words === undefined) continue
      const end = where < 0.4 ? words.low : where < 0.8 ? words.high : undefined
      this.positions[axis] =
        end === undefined ? 0.4 + 0.2 * within : ends(end === words.high, within)
      this.attributes[axis] = end?.value ?? 'medium'
      if (end !== undefined) this.ends[axis] = end
    }
  }

  /** Samples within ±0.98. */
  render(seconds: number): Float32Array {
    const take = new Take(this.random('sound'), seconds, this.positions)
    const samples = place(this.soundClass, take, this.soundClass.render(take))
    const peak = peakOf(samples)
    return peak > largestPeak ? scale(samples, largestPeak / peak) : samples
  }

  /** Different captions, of wordings that are held out or of the others; fewer where there are not. */
  captions(count: number, heldOut = false): string[] {
    const random = this.random(heldOut ? 'held out' : 'captions')
    const wordings = wordingsByClass(this.soundClass).filter((each) => each.heldOut === heldOut)
    return captionsOf(wordings, this.ends, count, random)
  }

  private random(purpose: string): Random {
    return new Random(this.seed, this.soundClass.name, this.number, purpose)
  }
}

/** The lower quarter of an axis, or the upper one. */
function ends(high: boolean, within: number): number {
  return high ? 1 - 0.25 * within : 0.25 * within
}

const wordings = new Map<SoundClass, Wording[]>()

export function wordingsByClass(soundClass: SoundClass): Wording[] {
  const known = wordings.get(soundClass)
  if (known) return known
  const made = wordingsOf(soundClass.subjects)
  wordings.set(soundClass, made)
  return made
}

/** Each frame is as likely as any other, however many nouns and verbs there are for it. */
export function captionsOf(
  wordings: readonly Wording[],
  ends: Ends,
  count: number,
  random: Random,
): string[] {
  const found = new Set<string>()
  const patterns = [...new Set(wordings.map(({ frame }) => frame.pattern))]
  for (let tries = 0; found.size < count && tries < 40 * count; tries++) {
    const pattern = random.pick(patterns)
    const wording = random.pick(wordings.filter(({ frame }) => frame.pattern === pattern))
    const text = caption(wording, ends, random)
    if (text !== undefined) found.add(text)
  }
  return [...found]
}
