import { held } from '../parts/envelope.js'
import { resonate } from '../parts/filter.js'
import { addAt, shape } from '../parts/mix.js'
import type { Random } from '../parts/random.js'
import { samplesOf } from '../parts/rate.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate } from '../wording/axes.js'
import { many, one, the, verb } from '../wording/subject.js'

/** Pulses of the vocal folds through the throat, the second half brighter: rib-bit. */
function croak(hertz: number, seconds: number, random: Random): Float32Array {
  const pulses = new Float32Array(samplesOf(seconds))
  const fold = random.between(48, 75)
  for (let t = 0; t < seconds; t += random.near(1 / fold, 0.05)) {
    pulses[Math.floor(t * samplesOf(1))] = 1
  }
  const rib = shape(
    resonate(pulses.slice(), [
      { hertz: hertz, quality: 7, gain: 1 },
      { hertz: 2.1 * hertz, quality: 8, gain: 0.5 },
    ]),
    held(0.6 * seconds, 0.02, 0.05),
  )
  const bit = shape(
    resonate(pulses, [
      { hertz: 1.35 * hertz, quality: 7, gain: 1.2 },
      { hertz: 3 * hertz, quality: 8, gain: 0.7 },
    ]),
    (t) => held(0.45 * seconds, 0.02, 0.06)(t - 0.55 * seconds),
  )
  return addAt(rib, bit, 0)
}

export const frogs: SoundClass[] = [
  {
    name: 'frogs',
    about: 'Frogs at a pond that croak.',
    subjects: [
      many(['frogs', 'frogs in a pond'], [verb('croak'), verb('call')]),
      one(['frog', 'frog in a pond'], [verb('croak')]),
      the(['croaking of frogs']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 330, 1350)
      const gap = 1 / take.along('rate', 0.85, 3.6)
      const length = Math.min(0.36, 0.62 * gap)
      const out = take.silence()
      const main = croak(hertz, length, random)
      for (const t of take.every(gap, 0.06)) addAt(out, main, t, random.between(0.8, 1))
      for (let others = random.whole(0, 2); others > 0; others--) {
        const other = croak(random.near(hertz, 0.2), length, random)
        for (const t of take.every(1.7 * gap, 0.2)) addAt(out, other, t, 0.12)
      }
      return out
    },
  },
]
