import { held } from '../parts/envelope.js'
import { addTone, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate, space } from '../wording/axes.js'
import { many, one, verb } from '../wording/subject.js'

export const electronics: SoundClass[] = [
  {
    name: 'laser',
    about: 'A laser gun of science fiction: tones that fall at once.',
    subjects: [
      one(
        ['laser gun', 'ray gun', 'space gun', 'laser blaster'],
        [verb('fire'), verb('zap', 'zapping')],
      ),
      many(['laser shots', 'laser zaps']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const top = take.along('pitch', 1100, 5200)
      const gap = 1 / take.along('rate', 1, 7)
      const table = waveTable([1, 0.5, 0.3, 0.2])
      const out = take.silence()
      for (const t of take.every(gap, 0.1)) {
        const length = Math.min(0.4, 0.85 * gap)
        const speed = random.between(2.2, 3.2)
        const fall = (s: number) => top * (0.06 + 0.94 * Math.exp((-speed * 2 * s) / length))
        addTone(out, t, length, fall, held(length, 0.003, 0.4 * length), table)
      }
      return out
    },
  },
  {
    name: 'sonar',
    about: 'The sonar of a submarine: a ping with a long echo.',
    subjects: [
      one(
        ['sonar', 'submarine sonar', 'sonar of a submarine'],
        [verb('ping'), verb('send out pings')],
      ),
      many(['sonar pings', 'pings of a sonar']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 480, 1900)
      const gap = 1 / take.along('rate', 0.45, 2.4)
      const echo = random.between(0.25, 0.4)
      const out = take.silence()
      const ping = (t: number, gain: number) => {
        const level = (s: number) =>
          gain * Math.min(1, s / 0.008) * (0.8 * Math.exp(-14 * s) + 0.2 * Math.exp(-3.2 * s))
        addTone(out, t, 2, hertz, level, waveTable([1, 0.06]))
      }
      for (const t of take.every(gap)) {
        ping(t, 1)
        for (let i = 1; i <= 3; i++) ping(t + echo * i, 0.2 / i)
      }
      return out
    },
  },
]
