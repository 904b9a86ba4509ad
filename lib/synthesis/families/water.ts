import { burst } from '../parts/burst.js'
import { wander } from '../parts/envelope.js'
import { bandpass, lowpass } from '../parts/filter.js'
import { addAt, scale, shape } from '../parts/mix.js'
import { pinkNoise } from '../parts/noise.js'
import { addTone } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate, space } from '../wording/axes.js'
import { many, mass, one, the, verb, who } from '../wording/subject.js'

/** A bubble of air under water rings like a bell, and ever higher as it nears the surface. */
function addBubble(
  out: Float32Array,
  t: number,
  hertz: number,
  gain: number,
  rise: number,
  length: number,
): void {
  const level = (s: number) => gain * Math.min(1, s / 0.002) * 10 ** ((-3 * s) / length)
  addTone(out, t, length, (s) => hertz * (1 + (rise * s) / length), level)
}

export const water: SoundClass[] = [
  {
    name: 'water_drops',
    about: 'Drops that fall into water, one by one.',
    subjects: [
      many(
        ['water drops', 'drops of water', 'drips of water'],
        [verb('fall into water'), verb('drip', 'dripping'), verb('plop', 'plopping')],
      ),
      who(['a leaking tap', 'a leaking faucet', 'a tap'], [verb('drip', 'dripping')]),
      the(['dripping of water']),
      mass(['dripping water']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 420, 2300)
      const out = take.silence()
      for (const t of take.every(1 / take.along('rate', 0.75, 5.5), 0.15)) {
        const force = random.between(0.6, 1)
        addAt(out, burst(3000, 0.7, 0.01, random), t, 0.25 * force)
        const length = random.between(0.06, 0.12) * (1200 / hertz) ** 0.4
        addBubble(
          out,
          t + random.between(0.015, 0.03),
          random.near(hertz, 0.08),
          force,
          0.5,
          length,
        )
        if (random.chance(0.5)) {
          addBubble(out, t + 0.09, random.near(hertz * 1.3, 0.1), 0.3 * force, 0.4, 0.6 * length)
        }
      }
      return out
    },
  },
  {
    name: 'brook',
    about: 'A brook that babbles over stones: countless bubbles.',
    subjects: [
      one(
        ['brook', 'stream', 'small stream', 'creek'],
        [verb('babble'), verb('gurgle'), verb('run over stones', 'running')],
      ),
      mass(['running water', 'babbling water'], [verb('gurgle')]),
    ],
    axes: {
      strength: {
        low: end('gentle', ['gentle', 'quiet'], ['gently', 'softly']),
        high: end('rushing', ['rushing', 'strong', 'wild'], ['strongly', 'wildly']),
      },
      pitch,
    },
    render(take) {
      const { random, seconds } = take
      const density = take.along('strength', 22, 260)
      const centre = take.along('pitch', 380, 1300)
      const out = take.silence()
      for (const t of take.scattered(density)) {
        const hertz = random.ratio(centre * 0.5, centre * 2.2)
        const gain = random.next() ** 3
        addBubble(out, t, hertz, gain, random.between(0.1, 0.6), random.between(0.03, 0.09))
      }
      const rush = lowpass(bandpass(pinkNoise(out.length, random), 1.2 * centre, 0.4), 5000)
      const swell = wander(1.5, seconds, random)
      shape(rush, (t) => 1 + 0.3 * swell(t))
      return addAt(out, scale(rush, take.along('strength', 0.04, 1.5)), 0)
    },
  },
]
