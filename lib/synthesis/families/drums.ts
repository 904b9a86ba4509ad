import { burst } from '../parts/burst.js'
import { highpass } from '../parts/filter.js'
import { addAt } from '../parts/mix.js'
import { addModes } from '../parts/modes.js'
import type { Random } from '../parts/random.js'
import { samplesOf } from '../parts/rate.js'
import { addTone } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate, space } from '../wording/axes.js'
import { many, one, the, verb, who } from '../wording/subject.js'

function kick(random: Random): Float32Array {
  const out = new Float32Array(samplesOf(0.3))
  const hertz = random.between(45, 60)
  const fall = (t: number) => hertz * (1 + 3 * Math.exp(-t / 0.025))
  addTone(out, 0, 0.3, fall, (t) => 10 ** ((-3 * t) / 0.3))
  return addAt(out, burst(2500, 0.7, 0.01, random), 0, 0.3)
}

function snare(hertz: number, random: Random): Float32Array {
  const out = burst(2800, 0.35, 0.2, random)
  const skin = [1, 1.59, 2.3].map((ratio, k) => ({
    hertz: hertz * ratio,
    gain: 0.6 / (1 + k),
    decay: 0.12,
  }))
  return addModes(out, skin, 0)
}

function hat(decay: number, random: Random): Float32Array {
  return highpass(burst(8500, 0.5, decay, random), 5000)
}

/** Sixteenths of a bar: 2 an accent, 1 a stroke, 0 nothing. */
const patterns = [
  { kick: '2000000020000000', snare: '0000200000002000', hat: '1010101010101010' },
  { kick: '2001000020100000', snare: '0000200000002001', hat: '2010201020102010' },
  { kick: '2000200020002000', snare: '0000200000002000', hat: '0020002000200020' },
  { kick: '2010000100100000', snare: '0000200001002000', hat: '1111111111111111' },
]

export const drums: SoundClass[] = [
  {
    name: 'drum_loop',
    about: 'A drum kit that plays a beat: kick, snare and hi-hat.',
    subjects: [
      one(['drum beat', 'drum loop', 'drum groove'], [verb('play'), verb('go on', 'going')]),
      who(['a drummer', 'a drum kit'], [verb('play a beat')]),
      many(['drums'], [verb('play a beat'), verb('play')]),
    ],
    axes: { rate, space },
    render(take) {
      const { random } = take
      const sixteenth = 60 / take.along('rate', 62, 205) / 4
      const pattern = random.pick(patterns)
      const parts: [string, Float32Array, number][] = [
        [pattern.kick, kick(random), 1],
        [pattern.snare, snare(random.between(160, 220), random), 0.9],
        [pattern.hat, hat(random.between(0.04, 0.09), random), 0.55],
      ]
      const out = take.silence()
      let step = 4 * random.whole(0, 3)
      for (const t of take.every(sixteenth)) {
        for (const [strokes, sound, gain] of parts) {
          const stroke = Number(strokes[step % 16])
          if (stroke > 0) addAt(out, sound, t, gain * (0.3 + 0.35 * stroke) * random.near(1, 0.06))
        }
        step++
      }
      return out
    },
  },
  {
    name: 'drum_roll',
    about: 'A roll on a snare drum that grows.',
    subjects: [
      one(['drum roll', 'snare drum roll', 'roll on a snare drum']),
      who(
        ['a drummer', 'somebody'],
        [verb('play a drum roll'), verb('play a roll on a snare drum')],
      ),
    ],
    axes: {
      rate: {
        low: end('slow', ['slow'], ['slowly', 'with slow strokes']),
        high: end('fast', ['fast', 'rapid'], ['fast', 'rapidly', 'with fast strokes']),
      },
      pitch,
      space,
    },
    render(take) {
      const { random, seconds } = take
      const gap = 1 / take.along('rate', 6, 26)
      const sounds = Array.from({ length: 5 }, () => snare(take.along('pitch', 105, 330), random))
      const low = take.along('pitch', 0.4, 1)
      const out = take.silence()
      for (const t of take.every(gap, 0.05)) {
        const level = 0.35 + (0.65 * t) / seconds
        addAt(out, random.pick(sounds), t, level * random.near(1, 0.15))
      }
      return highpass(out, 120 * low)
    },
  },
  {
    name: 'kettledrum',
    about: 'A kettledrum: tuned, with a long boom.',
    subjects: [
      one(['kettledrum', 'large drum', 'orchestra drum'], [verb('boom'), verb('beat')]),
      the(['beating of a large drum', 'booming of a kettledrum']),
    ],
    axes: { rate, pitch, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 58, 190)
      const ring = random.between(0.5, 1.1)
      const modes = [1, 1.5, 1.99, 2.44, 2.9].map((ratio, k) => ({
        hertz: random.near(hertz * ratio, 0.01),
        gain: 1 / (1 + 0.6 * k),
        decay: ring / (1 + 0.3 * k),
      }))
      const out = take.silence()
      for (const t of take.every(1 / take.along('rate', 0.8, 5), 0.03)) {
        const force = random.between(0.75, 1)
        addModes(out, modes, t, force)
        addAt(out, burst(5 * hertz, 0.6, 0.05, random), t, 0.5 * force)
      }
      return out
    },
  },
]
