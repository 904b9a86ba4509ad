import { burst } from '../parts/burst.js'
import { addAt } from '../parts/mix.js'
import { addModes, type Mode } from '../parts/modes.js'
import type { Random } from '../parts/random.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate, space } from '../wording/axes.js'
import { many, one, the, verb } from '../wording/subject.js'

/** Hum, prime, tierce, quint, nominal and what is above, as a founder tunes them. */
const church = [
  [0.5, 0.6, 1],
  [1, 0.8, 0.7],
  [1.19, 0.9, 0.6],
  [1.5, 0.4, 0.4],
  [2, 1, 0.45],
  [2.51, 0.35, 0.3],
  [3.01, 0.5, 0.28],
  [4.1, 0.4, 0.2],
  [5.35, 0.25, 0.13],
  [6.7, 0.15, 0.1],
]
const hand = [
  [1, 1, 1],
  [2.32, 0.5, 0.7],
  [3.05, 0.6, 0.5],
  [4.21, 0.35, 0.4],
  [6.1, 0.2, 0.25],
]
/** A tube that is free at both ends. */
const tube = [
  [1, 1, 1],
  [2.756, 0.55, 0.6],
  [5.404, 0.25, 0.35],
]

/** Each partial as a pair that beats: no bell is round. */
function bell(partials: number[][], hertz: number, seconds: number, random: Random): Mode[] {
  return partials.flatMap(([ratio, gain, length]) => {
    const partial = { hertz: random.near(hertz * ratio, 0.003), decay: seconds * length }
    const beat = random.between(0.3, 1.6)
    return [
      { ...partial, gain },
      { ...partial, hertz: partial.hertz + beat, gain: gain * random.between(0.3, 0.7) },
    ]
  })
}

export const bells: SoundClass[] = [
  {
    name: 'church_bell',
    about: 'A heavy bell that tolls in a tower.',
    subjects: [
      one(
        ['church bell', 'bell of a church', 'tower bell', 'steeple bell'],
        [verb('toll'), verb('ring'), verb('chime')],
      ),
      the(['tolling of a church bell']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 110, 480)
      const modes = bell(church, hertz, random.between(4, 7), random)
      const out = take.silence()
      for (const t of take.every(take.along('rate', 2.6, 0.55), 0.04)) {
        const force = random.between(0.75, 1)
        addModes(out, modes, t, force)
        addAt(out, burst(hertz * 6, 1.2, 0.04, random), t, 0.8 * force)
      }
      return out
    },
  },
  {
    name: 'hand_bell',
    about: 'A small bell that is shaken by hand.',
    subjects: [
      one(['hand bell', 'small bell', 'dinner bell'], [verb('ring'), verb('jingle')]),
      the(['ringing of a hand bell', 'jingling of a small bell']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 800, 2500)
      const modes = bell(hand, hertz, random.between(0.3, 0.7), random)
      const out = take.silence()
      for (const t of take.every(1 / take.along('rate', 1.7, 8.5), 0.12)) {
        const force = random.between(0.5, 1)
        addModes(out, modes, t, force)
        addAt(out, burst(5000, 1, 0.012, random), t, 0.5 * force)
      }
      return out
    },
  },
  {
    name: 'wind_chimes',
    about: 'Tubes of metal that the wind knocks together.',
    subjects: [
      many(['wind chimes', 'metal wind chimes'], [verb('tinkle'), verb('ring'), verb('jingle')]),
      the(['tinkling of wind chimes']),
    ],
    axes: {
      pitch,
      strength: {
        low: end('sparse', ['sparse', 'gentle'], ['now and then', 'gently']),
        high: end('busy', ['busy', 'restless'], ['all the time', 'restlessly']),
      },
    },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 480, 1700)
      const steps = [0, 2, 4, 7, 9, 12].map((step) => hertz * 2 ** (step / 12))
      const tubes = steps.map((each) => bell(tube, each, random.between(1.5, 3), random))
      const out = take.silence()
      for (const start of take.scattered(take.along('strength', 0.9, 5))) {
        // The clapper swings and meets several tubes, one after the other.
        let t = start
        for (let hits = random.whole(1, 3); hits > 0; hits--) {
          addModes(out, random.pick(tubes), t, random.between(0.2, 1))
          t += random.between(0.06, 0.25)
        }
      }
      return out
    },
  },
]
