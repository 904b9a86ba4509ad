import { held, wander } from '../parts/envelope.js'
import { bandpass } from '../parts/filter.js'
import { addAt, shape } from '../parts/mix.js'
import { whiteNoise } from '../parts/noise.js'
import { samplesOf } from '../parts/rate.js'
import { addTone, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate, space } from '../wording/axes.js'
import { one, the, verb, who } from '../wording/subject.js'

export const whistles: SoundClass[] = [
  {
    name: 'whistle',
    about: 'The whistle of a referee, with a pea in it that makes it trill.',
    subjects: [
      one(
        ['whistle', "referee's whistle", 'police whistle', 'sports whistle'],
        [verb('blow'), verb('trill'), verb('shrill')],
      ),
      who(['a referee'], [verb('blow a whistle')]),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 1500, 3900)
      const trill = random.between(26, 42)
      const gap = 1 / take.along('rate', 0.55, 3)
      const length = 0.7 * gap
      const out = take.silence()
      for (const t of take.every(gap, 0.06)) {
        const level = held(length, 0.02, 0.05)
        const flutter = (s: number) => Math.sin(2 * Math.PI * trill * s)
        for (const [ratio, gain] of [
          [1, 1],
          [1.13, 0.6],
        ]) {
          const note = (s: number) => hertz * ratio * (1 + 0.025 * flutter(s))
          addTone(out, t, length, note, (s) => gain * level(s) * (0.65 + 0.35 * flutter(s)))
        }
        const air = bandpass(whiteNoise(samplesOf(length), random), 1.3 * hertz, 1)
        addAt(out, shape(air, level), t, 0.25)
      }
      return out
    },
  },
  {
    name: 'whistling',
    about: 'Somebody who whistles a tune.',
    subjects: [
      who(
        ['somebody', 'a person', 'someone'],
        [verb('whistle a tune'), verb('whistle a melody'), verb('whistle')],
      ),
      the(['whistling of a tune']),
      one(['whistled tune', 'whistled melody']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random, seconds } = take
      const root = take.along('pitch', 520, 1500)
      const gap = 1 / take.along('rate', 1.1, 5.5)
      const scale = [0, 2, 4, 5, 7, 9, 12]
      const notes = [...take.every(gap)].map((t) => {
        const step = scale[random.whole(0, scale.length - 1)]
        return { t, length: Math.min(gap, seconds - t), hertz: root * 2 ** (step / 12) }
      })
      const out = take.silence()
      const unsteady = wander(3, seconds, random)
      let before = notes[0].hertz
      for (const { t, length, hertz } of notes) {
        const from = before
        const glide = (s: number) => hertz * (from / hertz) ** Math.exp(-s / 0.025)
        const vibrato = (s: number) => 1 + 0.008 * Math.sin(2 * Math.PI * 5.5 * s)
        const note = (s: number) => glide(s) * vibrato(s) * (1 + 0.004 * unsteady(t + s))
        const level = held(0.95 * length, 0.04, Math.min(0.06, 0.3 * length))
        addTone(out, t, length, note, level, waveTable([1, 0.04]))
        const breath = bandpass(whiteNoise(samplesOf(length), random), hertz, 2)
        addAt(out, shape(breath, level), t, 0.05)
        before = hertz
      }
      return out
    },
  },
]
