import { burst } from '../parts/burst.js'
import { addAt } from '../parts/mix.js'
import { samplesOf } from '../parts/rate.js'
import { addTone } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate } from '../wording/axes.js'
import { one, the, verb } from '../wording/subject.js'

export const heart: SoundClass[] = [
  {
    name: 'heartbeat',
    about: 'A heart: two dull thumps a beat.',
    subjects: [
      one(['heartbeat', 'human heartbeat'], [verb('thump'), verb('pulse')]),
      one(['heart', 'human heart'], [verb('beat'), verb('thump')]),
      the(['beating of a heart']),
    ],
    axes: { rate, pitch },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 42, 115)
      const gap = 1 / take.along('rate', 0.75, 3.1)
      const thump = (pitchOf: number, length: number) => {
        const out = new Float32Array(samplesOf(length))
        const fall = (t: number) => pitchOf * (1 + 0.5 * Math.exp(-t / 0.02))
        const level = (t: number) => Math.min(1, t / 0.008) * 10 ** ((-3 * t) / length)
        addTone(out, 0, length, fall, level)
        return addAt(out, burst(3 * pitchOf, 1, 0.6 * length, random, 0.006), 0, 0.4)
      }
      const second = Math.min(0.32, 0.36 * gap)
      const out = take.silence()
      for (const t of take.every(gap, 0.04)) {
        addAt(out, thump(hertz, Math.min(0.25, 0.7 * gap)), t, random.between(0.9, 1))
        addAt(out, thump(1.25 * hertz, Math.min(0.18, 0.5 * gap)), t + second, 0.6)
      }
      return out
    },
  },
]
