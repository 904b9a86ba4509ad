import { held } from '../parts/envelope.js'
import { addModes } from '../parts/modes.js'
import { addTone, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate, space } from '../wording/axes.js'
import { one, the, verb, who } from '../wording/subject.js'

export const telephones: SoundClass[] = [
  {
    name: 'telephone',
    about: 'An old telephone: a hammer between two gongs.',
    subjects: [
      one(['telephone', 'old telephone', 'phone', 'rotary phone'], [verb('ring')]),
      the(['ringing of a telephone']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 750, 2500)
      const period = 1 / take.along('rate', 0.4, 1.6)
      const hammer = 1 / random.between(20, 27)
      const gongs = [1, random.between(1.12, 1.26)].map((gong) =>
        [1, 2.71, 4.9].map((ratio, k) => ({
          hertz: hertz * gong * ratio,
          gain: 1 / (1 + 1.1 * k),
          decay: random.between(0.35, 0.6) / (1 + 0.6 * k),
        })),
      )
      const out = take.silence()
      for (const start of take.every(period)) {
        let strike = 0
        for (let t = 0; t < 0.52 * period; t += hammer) {
          addModes(out, gongs[strike++ % 2], start + t, random.between(0.8, 1))
        }
      }
      return out
    },
  },
  {
    name: 'busy_signal',
    about: 'The busy signal of a telephone line.',
    subjects: [
      one(['busy signal', 'engaged tone', 'busy tone'], [verb('beep'), verb('repeat')]),
      who(['a telephone line', 'a phone line'], [verb('give a busy signal', 'giving')]),
      the(['beeping of a busy telephone line']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 270, 900)
      const gap = 1 / take.along('rate', 0.9, 4)
      const on = 0.5 * gap
      const second = hertz * random.between(1.25, 1.32)
      const table = waveTable([1, 0.05, 0.08])
      const out = take.silence()
      for (const t of take.every(gap)) {
        addTone(out, t, on, hertz, held(on, 0.004, 0.004), table)
        addTone(out, t, on, second, held(on, 0.004, 0.004), table)
      }
      return out
    },
  },
]
