import { held } from '../parts/envelope.js'
import { bandpass, lowpass } from '../parts/filter.js'
import { addAt, shape } from '../parts/mix.js'
import { pinkNoise } from '../parts/noise.js'
import { samplesOf } from '../parts/rate.js'
import { addTone, harmonicsBelow, waveTable } from '../parts/tone.js'
import type { SoundClass, Take } from '../sound-class.js'
import { type AxisWords, end, pitch, rate } from '../wording/axes.js'
import { one, the, verb, who } from '../wording/subject.js'

const blasts: AxisWords = {
  low: end('short', ['short', 'brief'], ['briefly'], ['in short blasts']),
  high: end('long', ['long', 'drawn-out'], ['for a long time'], ['in long blasts']),
}

/** One blast of several notes that begin a little apart and bend into pitch. */
function addBlast(
  out: Float32Array,
  take: Take,
  start: number,
  seconds: number,
  notes: readonly number[],
  slope: number,
): void {
  const { random } = take
  for (const note of notes) {
    const table = waveTable(harmonicsBelow(note, slope))
    const late = random.between(0, 0.02)
    const bend = (t: number) => note * (1 - 0.03 * Math.exp(-25 * t))
    const level = held(seconds - late, 0.03, Math.min(0.12, 0.3 * seconds))
    addTone(out, start + late, seconds - late, bend, level, table, random.next())
  }
  const air = bandpass(pinkNoise(samplesOf(seconds), random), 4 * notes[0], 0.5)
  addAt(out, shape(air, held(seconds, 0.03, 0.08)), start, 0.15)
}

export const horns: SoundClass[] = [
  {
    name: 'train_horn',
    about: 'The horn of a train: a chord of five.',
    subjects: [
      one(
        ['train horn', 'horn of a train', 'locomotive horn'],
        [verb('blow'), verb('blare'), verb('sound')],
      ),
      who(['a train', 'a locomotive'], [verb('blow its horn'), verb('sound its horn')]),
    ],
    axes: { pitch, decay: blasts },
    render(take) {
      const { random } = take
      const root = take.along('pitch', 165, 480)
      const notes = [1, 1.19, 1.335, 1.588, 2.0].map((ratio) => random.near(root * ratio, 0.004))
      const length = take.along('decay', 0.28, 2.6)
      const out = take.silence()
      for (const t of take.every(length + random.between(0.25, 0.5))) {
        addBlast(out, take, t, length, notes, 0.75)
      }
      return lowpass(out, 3800)
    },
  },
  {
    name: 'car_horn',
    about: 'The horn of a car: two notes that do not agree.',
    subjects: [
      one(['car horn', 'horn of a car'], [verb('honk'), verb('blow'), verb('beep')]),
      who(['a car', 'a driver'], [verb('honk'), verb('hoot')]),
      the(['honking of a car']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const root = take.along('pitch', 230, 620)
      const notes = [root, root * random.pick([1.19, 1.26, 1.335])]
      const gap = 1 / take.along('rate', 0.6, 3.8)
      const out = take.silence()
      for (const t of take.every(gap, 0.08)) addBlast(out, take, t, 0.6 * gap, notes, 0.35)
      return bandpass(out, 3.2 * root, 0.5)
    },
  },
  {
    name: 'ship_horn',
    about: 'The horn of a ship: one very deep note.',
    subjects: [
      one(['ship horn', 'horn of a ship', 'foghorn'], [verb('blow'), verb('boom'), verb('sound')]),
      who(['a ship', 'an ocean liner'], [verb('blow its horn')]),
    ],
    axes: { pitch, decay: blasts },
    render(take) {
      const { random } = take
      const root = take.along('pitch', 58, 170)
      const notes = [root, root * 1.004, root * random.pick([1.5, 2])]
      const length = take.along('decay', 0.5, 3.4)
      const out = take.silence()
      for (const t of take.every(length + random.between(0.4, 0.8))) {
        addBlast(out, take, t, length, notes, 1)
      }
      return lowpass(out, 1400)
    },
  },
]
