import { burst } from '../parts/burst.js'
import { addAt } from '../parts/mix.js'
import type { SoundClass } from '../sound-class.js'
import { end, rate, space } from '../wording/axes.js'
import { many, mass, one, the, verb, who } from '../wording/subject.js'

export const crowd: SoundClass[] = [
  {
    name: 'applause',
    about: 'An audience that claps its hands.',
    subjects: [
      mass(['applause', 'applause of an audience']),
      the(['clapping of an audience']),
      one(['audience', 'crowd'], [verb('applaud'), verb('clap', 'clapping')]),
    ],
    axes: {
      strength: {
        low: end('sparse', ['sparse', 'polite', 'thin'], ['sparsely', 'politely']),
        high: end('thunderous', ['thunderous', 'dense', 'roaring'], ['thunderously', 'wildly']),
      },
      space,
    },
    render(take) {
      const { random } = take
      const claps = Array.from({ length: 24 }, () =>
        burst(random.ratio(700, 1900), random.between(0.9, 2), random.between(0.02, 0.06), random),
      )
      const out = take.silence()
      for (let people = Math.round(take.along('strength', 2, 130)); people > 0; people--) {
        const own = random.shuffled(claps).slice(0, 3)
        const gap = 1 / random.between(2.8, 4.8)
        const level = random.ratio(0.15, 1)
        const late = random.between(0, gap)
        for (const t of take.every(gap, 0.12)) {
          addAt(out, random.pick(own), t + late, level * random.between(0.7, 1))
        }
      }
      return out
    },
  },
  {
    name: 'hand_claps',
    about: 'One person who claps in time.',
    subjects: [
      who(['somebody', 'one person', 'a person alone'], [verb('clap', 'clapping')]),
      many(['hand claps', 'claps of two hands']),
      the(['clapping of one person']),
    ],
    axes: { rate, space },
    render(take) {
      const { random } = take
      const hertz = random.between(900, 1500)
      const out = take.silence()
      for (const t of take.every(1 / take.along('rate', 0.85, 5.2), 0.03)) {
        const clap = burst(random.near(hertz, 0.1), 1.3, random.between(0.035, 0.06), random)
        addAt(out, clap, t, random.between(0.8, 1))
        addAt(out, burst(3800, 0.7, 0.015, random), t, 0.3)
      }
      return out
    },
  },
]
