import { burst } from '../parts/burst.js'
import { addAt } from '../parts/mix.js'
import { addModes } from '../parts/modes.js'
import type { SoundClass } from '../sound-class.js'
import { end, rate, space } from '../wording/axes.js'
import { mass, one, the, verb, who } from '../wording/subject.js'

export const clicks: SoundClass[] = [
  {
    name: 'keyboard_typing',
    about: 'Keys of a computer keyboard, pressed and let go.',
    subjects: [
      mass(['keyboard typing', 'typing on a keyboard', 'typing on a computer keyboard']),
      one(['keyboard', 'computer keyboard'], [verb('clatter'), verb('click')]),
      who(['somebody', 'a person'], [verb('type on a keyboard'), verb('type')]),
    ],
    axes: { rate, space },
    render(take) {
      const { random } = take
      const body = random.between(380, 700)
      const gap = 1 / take.along('rate', 2.2, 13)
      const out = take.silence()
      for (const t of take.every(gap, 0.35)) {
        const wide = random.chance(0.15)
        const force = random.between(0.5, 1) * (wide ? 1.3 : 1)
        const thock = {
          hertz: random.near(body * (wide ? 0.6 : 1), 0.12),
          gain: 0.22,
          decay: 0.025,
        }
        const press = burst(random.between(2200, 4200), 1.2, 0.012, random)
        addAt(out, press, t, force)
        addModes(out, [thock, { ...thock, hertz: thock.hertz * 2.7, gain: 0.3 }], t, force)
        const release = burst(random.between(3500, 5500), 1.5, 0.008, random)
        addAt(out, release, t + random.between(0.05, 0.09), 0.35 * force)
      }
      return out
    },
  },
  {
    name: 'geiger_counter',
    about: 'A Geiger counter: dry clicks at random.',
    subjects: [
      one(['Geiger counter', 'radiation detector'], [verb('click'), verb('crackle')]),
      the(['clicking of a Geiger counter']),
    ],
    axes: {
      rate: {
        low: end('slow', ['slow', 'sparse'], ['slowly', 'now and then']),
        high: end('fast', ['fast', 'rapid', 'frantic'], ['fast', 'rapidly', 'without a pause']),
      },
      space,
    },
    render(take) {
      const { random } = take
      const hertz = random.between(1500, 3200)
      const click = [1, 1.9].map((ratio, k) => ({
        hertz: hertz * ratio,
        gain: 1 / (1 + k),
        decay: 0.008,
      }))
      const out = take.silence()
      for (const t of take.scattered(take.along('rate', 2.2, 70))) {
        addModes(out, click, t, random.between(0.85, 1))
      }
      return out
    },
  },
]
