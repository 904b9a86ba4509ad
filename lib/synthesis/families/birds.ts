import { held, wander } from '../parts/envelope.js'
import { bandpass } from '../parts/filter.js'
import { addAt, shape } from '../parts/mix.js'
import { whiteNoise } from '../parts/noise.js'
import type { Random } from '../parts/random.js'
import { samplesOf } from '../parts/rate.js'
import { addTone, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate } from '../wording/axes.js'
import { many, mass, one, the, verb } from '../wording/subject.js'

/** A whistled syllable: from one pitch to another, straight, over a hill, or trembling. */
function syllable(hertz: number, seconds: number, random: Random): Float32Array {
  const out = new Float32Array(samplesOf(seconds))
  const [from, to] = [hertz * random.between(0.8, 1.3), hertz * random.between(0.8, 1.3)]
  const hill = random.between(-0.25, 0.35)
  const [shake, shakes] = random.chance(0.3) ? [0.06, random.between(25, 45)] : [0, 1]
  const pitchAt = (t: number) => {
    const part = Math.min(1, t / seconds)
    const bent = from * (to / from) ** part * (1 + hill * Math.sin(Math.PI * part))
    return bent * (1 + shake * Math.sin(2 * Math.PI * shakes * t))
  }
  return addTone(out, 0, seconds, pitchAt, held(seconds, 0.25 * seconds, 0.4 * seconds))
}

export const birds: SoundClass[] = [
  {
    name: 'bird_song',
    about: 'A songbird: whistled syllables, each a few times, then the next.',
    subjects: [
      one(['bird', 'songbird', 'small bird'], [verb('sing'), verb('chirp'), verb('twitter')]),
      many(['birds', 'songbirds'], [verb('sing'), verb('chirp')]),
      mass(['bird song', 'birdsong']),
      the(['twittering of a bird']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 1700, 5400)
      const gap = 1 / take.along('rate', 2.2, 11)
      const out = take.silence()
      let t = take.start()
      while (t < take.seconds) {
        for (let phrases = random.whole(2, 4); phrases > 0; phrases--) {
          const length = gap * random.between(0.5, 0.85)
          const sound = syllable(random.near(hertz, 0.2), length, random)
          for (let repeats = random.whole(1, 4); repeats > 0; repeats--) {
            addAt(out, sound, t, random.between(0.7, 1))
            t += random.near(gap, 0.05)
          }
        }
        t += random.between(0.25, 0.6)
      }
      return out
    },
  },
  {
    name: 'owl',
    about: 'An owl that hoots: two short calls and a long one.',
    subjects: [
      one(['owl', 'tawny owl', 'owl in the night'], [verb('hoot'), verb('call')]),
      the(['hooting of an owl']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 250, 720)
      const unit = 1 / take.along('rate', 1.15, 4)
      const out = take.silence()
      const table = waveTable([1, 0.12, 0.06])
      let t = take.start()
      while (t < take.seconds) {
        for (const [beats, level] of random.pick([
          [
            [1, 0.8],
            [1, 0.7],
            [2.2, 1],
          ],
          [
            [2, 1],
            [1, 0.7],
            [1, 0.7],
            [2, 0.9],
          ],
        ])) {
          const length = 0.75 * beats * unit
          const bend = (s: number) => hertz * (0.94 + 0.08 * Math.sin((Math.PI * s) / length))
          const tremble = (s: number) => 1 + 0.12 * Math.sin(2 * Math.PI * 11 * s)
          const level_ = held(length, 0.25 * length, 0.4 * length)
          addTone(out, t, length, bend, (s) => level * level_(s) * tremble(s), table)
          const breath = bandpass(whiteNoise(samplesOf(length), random), 2 * hertz, 1.5)
          addAt(out, shape(breath, level_), t, 0.05)
          t += beats * unit
        }
        t += 1.2 * unit
      }
      return out
    },
  },
  {
    name: 'cuckoo',
    about: 'A cuckoo: a third down, again and again.',
    subjects: [one(['cuckoo', 'cuckoo in a wood'], [verb('call')]), the(['call of a cuckoo'])],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 430, 1150)
      const gap = 1 / take.along('rate', 0.5, 1.7)
      const table = waveTable([1, 0.16, 0.05])
      const third = random.between(1.19, 1.27)
      const out = take.silence()
      for (const t of take.every(gap, 0.02)) {
        const [first, second] = [0.26 * gap, 0.36 * gap]
        const wobble = wander(9, 1, random)
        const at = (note: number) => (s: number) => note * (1 + 0.006 * wobble(s) - 0.02 * s)
        addTone(out, t, first, at(hertz * third), held(first, 0.03, 0.06), table)
        const low = held(second, 0.03, 0.08)
        addTone(out, t + 0.34 * gap, second, at(hertz), (s) => 0.85 * low(s), table)
      }
      return out
    },
  },
]
