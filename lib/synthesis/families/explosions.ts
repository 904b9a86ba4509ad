import { burst } from '../parts/burst.js'
import { held } from '../parts/envelope.js'
import { lowpass } from '../parts/filter.js'
import { addAt, shape, toPeak } from '../parts/mix.js'
import { brownNoise } from '../parts/noise.js'
import { samplesOf } from '../parts/rate.js'
import { addTone } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { end } from '../wording/axes.js'
import { many, one, the, verb } from '../wording/subject.js'

export const explosions: SoundClass[] = [
  {
    name: 'fireworks',
    about: 'Fireworks: a rocket that rises whistling, a bang, and crackling.',
    subjects: [
      many(
        ['fireworks', 'firework rockets', 'rockets of a firework'],
        [verb('explode'), verb('go off', 'going'), verb('bang')],
      ),
      one(['firework display'], [verb('bang'), verb('crackle')]),
      the(['banging of fireworks']),
    ],
    axes: {
      rate: {
        low: end('slow', ['slow', 'occasional'], ['slowly', 'now and then']),
        high: end('fast', ['fast', 'rapid'], ['fast', 'in rapid succession']),
      },
    },
    render(take) {
      const { random } = take
      const gap = 1 / take.along('rate', 0.38, 2.6)
      const out = take.silence()
      for (const start of take.every(gap, 0.15)) {
        const rise = Math.min(0.7, 0.3 * gap) * random.between(0.7, 1)
        const top = random.between(2200, 3400)
        const climb = (t: number) => top * (0.55 + (0.45 * t) / rise)
        const whistle = held(rise, 0.3 * rise, 0.1 * rise)
        addTone(out, start, rise, climb, (t) => 0.1 * whistle(t))
        const length = random.between(0.35, 0.8)
        const boom = lowpass(brownNoise(samplesOf(length), random), 400)
        shape(boom, (t) => Math.min(1, t / 0.003) * 10 ** ((-3 * t) / length))
        addAt(out, toPeak(boom), start + rise, random.between(0.7, 1))
        addAt(out, burst(1500, 0.4, 0.15, random), start + rise, 0.6)
        for (let t = 0.15; t < Math.min(1.2, gap); t += random.wait(55)) {
          const level = 0.3 * (1 - t / 1.3) * random.next()
          addAt(out, burst(random.between(3000, 7000), 1, 0.008, random), start + rise + t, level)
        }
      }
      return out
    },
  },
]
