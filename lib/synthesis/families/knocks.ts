import { burst } from '../parts/burst.js'
import { addAt } from '../parts/mix.js'
import { addModes } from '../parts/modes.js'
import type { Random } from '../parts/random.js'
import { samplesOf } from '../parts/rate.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate, space } from '../wording/axes.js'
import { many, mass, one, the, verb, who } from '../wording/subject.js'

/** Wood: many modes that die at once, and the tap itself. */
function wood(hertz: number, decay: number, random: Random): Float32Array {
  const out = new Float32Array(samplesOf(0.5))
  const modes = [1, 1.58, 2.2, 2.92, 4.1, 5.6, 7.9].map((ratio, k) => ({
    hertz: random.near(hertz * ratio, 0.03),
    gain: random.between(0.6, 1) / (1 + 0.5 * k),
    decay: decay / (1 + 0.35 * k),
  }))
  addModes(out, modes, 0)
  return addAt(out, burst(Math.min(hertz * 9, 4500), 0.8, 0.02, random), 0, 0.5)
}

/** Knuckles on wood are hollow or hard, not low or high; both are a matter of pitch. */
const hollow = {
  low: end('low', ['low', 'deep', 'hollow'], []),
  high: end('high', ['high', 'high-pitched', 'hard'], []),
}

export const knocks: SoundClass[] = [
  {
    name: 'door_knock',
    about: 'Knuckles on a wooden door, a few times and again.',
    subjects: [
      who(
        ['somebody', 'someone', 'a person', 'a visitor'],
        [verb('knock on a door'), verb('knock on a wooden door'), verb('rap on a door', 'rapping')],
      ),
      many(['knocks on a door', 'knocks on a wooden door', 'door knocks']),
      mass(['knocking on a door', 'knocking on a wooden door']),
      the(['knocking of a visitor']),
    ],
    axes: { pitch: hollow, rate, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 85, 420)
      const gap = take.along('rate', 0.5, 0.11)
      const ring = random.between(0.15, 0.28)
      const out = take.silence()
      let t = take.start()
      while (t < take.seconds) {
        for (let knocks = random.whole(3, 5); knocks > 0; knocks--) {
          addAt(out, wood(hertz, ring, random), t, random.between(0.6, 1))
          t += random.near(gap, 0.06)
        }
        t += 2 * gap + random.between(0.15, 0.4)
      }
      return out
    },
  },
  {
    name: 'footsteps',
    about: 'Somebody walks on a hard floor: heel and sole, left and right.',
    subjects: [
      many(
        ['footsteps', 'footsteps on a hard floor', 'footsteps of a person'],
        [verb('go by', 'going'), verb('ring out')],
      ),
      who(['somebody', 'a person', 'someone'], [verb('walk on a hard floor'), verb('walk about')]),
    ],
    axes: {
      rate,
      pitch: {
        low: end('low', ['low', 'deep', 'heavy']),
        high: end('high', ['high', 'high-pitched', 'light']),
      },
      space,
    },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 65, 260)
      const gap = take.along('rate', 0.95, 0.24)
      const out = take.silence()
      let left = true
      for (const t of take.every(gap, 0.05)) {
        const force = random.between(0.6, 1) * (left ? 1 : 0.8)
        const side = hertz * (left ? 1 : 1.09)
        addAt(out, wood(side, random.between(0.04, 0.07), random), t, force)
        const sole = Math.min(0.09, 0.2 * gap)
        addAt(out, burst(2300, 0.6, 0.11, random, 0.015), t + sole, 0.8 * force)
        addAt(out, wood(side * 1.5, 0.04, random), t + sole, 0.25 * force)
        left = !left
      }
      return out
    },
  },
  {
    name: 'bouncing_ball',
    about: 'A small hard ball that bounces ever faster until it lies still.',
    subjects: [
      one(['bouncing ball', 'bouncing ping-pong ball']),
      the(['bouncing of a ball', 'bouncing of a ping-pong ball']),
      who(
        ['a ping-pong ball', 'a small hard ball', 'a table tennis ball'],
        [verb('bounce on a table'), verb('bounce to a stop'), verb('bounce')],
      ),
    ],
    axes: {
      pitch,
      rate: {
        low: end('slow', ['slow', 'lazy'], ['slowly', 'in slow bounces']),
        high: end('fast', ['fast', 'quick'], ['fast', 'quickly', 'in quick bounces']),
      },
      space,
    },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 420, 1900)
      const first = take.along('rate', 0.85, 0.22)
      const out = take.silence()
      let t = take.start()
      while (t < take.seconds) {
        const loss = random.between(0.82, 0.9)
        let force = 1
        for (let gap = first; gap > 0.018 && t < take.seconds; gap *= loss) {
          const modes = [1, 2.1, 3.4].map((ratio, k) => ({
            hertz: hertz * ratio,
            gain: force / (1 + k),
            decay: 0.05,
          }))
          addModes(out, modes, t)
          addAt(out, burst(3500, 0.8, 0.012, random), t, 0.5 * force)
          force *= loss
          t += gap
        }
        t += random.between(0.25, 0.5)
      }
      return out
    },
  },
]
