import { held } from '../parts/envelope.js'
import { lowpass, resonate } from '../parts/filter.js'
import { addAt } from '../parts/mix.js'
import { addModes } from '../parts/modes.js'
import { pluck } from '../parts/pluck.js'
import { addTone, harmonicsBelow, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate, space } from '../wording/axes.js'
import { one, the, verb, who } from '../wording/subject.js'

const pentatonic = [0, 2, 4, 7, 9, 12, 14, 16]

export const strings: SoundClass[] = [
  {
    name: 'guitar',
    about: 'A guitar whose strings are plucked one by one.',
    subjects: [
      one(
        ['guitar', 'acoustic guitar', 'plucked guitar'],
        [verb('play single notes'), verb('play')],
      ),
      who(['a guitarist'], [verb('pluck strings'), verb('play')]),
      the(['plucking of guitar strings']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const root = take.along('pitch', 82, 420)
      const brightness = random.between(0.35, 0.75)
      const dry = take.silence()
      for (const t of take.every(1 / take.along('rate', 0.95, 7.5), 0.02)) {
        const hertz = root * 2 ** (random.pick(pentatonic.slice(0, 6)) / 12)
        addAt(
          dry,
          pluck(hertz, random.between(1.2, 2.5), brightness, random),
          t,
          random.between(0.7, 1),
        )
      }
      const body = resonate(dry.slice(), [
        { hertz: 105, quality: 3, gain: 0.8 },
        { hertz: 215, quality: 3, gain: 0.6 },
      ])
      return lowpass(addAt(dry, body, 0), 9 * root)
    },
  },
  {
    name: 'violin',
    about: 'A violin that is bowed, with vibrato.',
    subjects: [
      one(
        ['violin', 'bowed violin', 'fiddle'],
        [verb('play a melody'), verb('play'), verb('sing')],
      ),
      who(['a violinist'], [verb('play a melody'), verb('play')]),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random, seconds } = take
      const root = take.along('pitch', 200, 700)
      const gap = 1 / take.along('rate', 0.7, 5)
      const table = waveTable(harmonicsBelow(1.5 * root, 1))
      const out = take.silence()
      for (const t of take.every(gap)) {
        const hertz = root * 2 ** (random.pick(pentatonic.slice(0, 6)) / 12)
        const length = Math.min(1.02 * gap, seconds - t)
        const depth = (s: number) => 0.011 * Math.min(1, s / 0.3)
        const note = (s: number) => hertz * (1 + depth(s) * Math.sin(2 * Math.PI * 5.8 * s))
        const level = held(length, Math.min(0.09, 0.3 * length), Math.min(0.1, 0.3 * length))
        addTone(out, t, length, note, level, table)
      }
      return resonate(out, [
        { hertz: 290, quality: 2, gain: 0.8 },
        { hertz: 520, quality: 2, gain: 0.9 },
        { hertz: 1200, quality: 1, gain: 0.7 },
        { hertz: 2700, quality: 1.2, gain: 0.8 },
      ])
    },
  },
  {
    name: 'music_box',
    about: 'A music box: steel tines and a little tune.',
    subjects: [
      one(['music box', 'musical box'], [verb('play a tune'), verb('tinkle'), verb('play')]),
      the(['tinkling of a music box']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const root = take.along('pitch', 420, 1500)
      const tune = Array.from({ length: 8 }, () => random.pick(pentatonic))
      const out = take.silence()
      let note = 0
      for (const t of take.every(1 / take.along('rate', 1.3, 7.5), 0.015)) {
        const hertz = root * 2 ** (tune[note++ % tune.length] / 12)
        const tine = [1, 2.02, 6.27].map((ratio, k) => ({
          hertz: hertz * ratio,
          gain: [1, 0.25, 0.3][k],
          decay: [1.3, 0.8, 0.12][k],
        }))
        addModes(out, tine, t, random.between(0.7, 1))
      }
      return out
    },
  },
]
