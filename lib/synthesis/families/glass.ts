import { burst } from '../parts/burst.js'
import { addAt } from '../parts/mix.js'
import { addModes } from '../parts/modes.js'
import type { SoundClass } from '../sound-class.js'
import { decay, end, pitch, rate, space } from '../wording/axes.js'
import { many, mass, one, the, verb, who } from '../wording/subject.js'

export const glass: SoundClass[] = [
  {
    name: 'glass_clink',
    about: 'Two wine glasses that touch and ring.',
    subjects: [
      many(['glasses', 'wine glasses'], [verb('clink'), verb('ring')]),
      one(['wine glass', 'drinking glass'], [verb('ring')]),
      the(['clinking of glasses']),
    ],
    axes: { pitch, rate, decay, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 900, 3000)
      const length = take.along('decay', 0.1, 1.8)
      const glasses = [hertz, hertz * random.between(1.06, 1.2)]
      const out = take.silence()
      for (const t of take.every(1 / take.along('rate', 0.75, 4.5), 0.15)) {
        const force = random.between(0.6, 1)
        for (const each of glasses) {
          const modes = [1, 2.32, 4.25, 6.63].map((ratio, k) => ({
            hertz: each * ratio,
            gain: force * [1, 0.7, 0.4, 0.2][k] * random.between(0.5, 1),
            decay: length / (1 + 0.7 * k),
          }))
          addModes(out, modes, t)
        }
        addAt(out, burst(6500, 0.8, 0.01, random), t, 0.6 * force)
      }
      return out
    },
  },
  {
    name: 'glass_breaking',
    about: 'Glass that breaks, and its shards that fall.',
    subjects: [
      mass(['breaking glass', 'shattering glass']),
      the(['breaking of glass', 'shattering of a window']),
      who(
        ['a window pane', 'a bottle', 'a glass', 'a window'],
        [verb('shatter'), verb('break'), verb('smash')],
      ),
    ],
    axes: {
      pitch,
      decay: {
        low: end('short', ['short'], [], ['in a short crash']),
        high: end('long', ['long'], [], ['with shards falling for a long time']),
      },
      space,
    },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 1000, 4200)
      const length = take.along('decay', 0.25, 2)
      const out = take.silence()
      let start = take.start()
      while (start < take.seconds) {
        addAt(out, burst(1.2 * hertz, 0.8, 0.12, random), start, 1.2)
        addAt(out, burst(250, 0.7, 0.09, random), start, 0.4)
        for (let t = 0; t < 1.6 * length; t += random.wait(95 / (1 + (4 * t) / length))) {
          const shard = random.ratio(0.7 * hertz, 2.6 * hertz)
          const level = 10 ** ((-1.6 * t) / length) * random.next() ** 1.5
          const ring = random.between(0.02, 0.16)
          const modes = [1, 1.83, 2.7].map((ratio) => ({
            hertz: shard * ratio,
            gain: 0.4 * level,
            decay: ring,
          }))
          addModes(out, modes, start + t)
        }
        start += 1.6 * length + random.between(0.5, 1.4)
      }
      return out
    },
  },
]
