import { burst } from '../parts/burst.js'
import { held, wander } from '../parts/envelope.js'
import { bandpass, lowpass, resonate } from '../parts/filter.js'
import { addAt, shape, toPeak } from '../parts/mix.js'
import { pinkNoise, whiteNoise } from '../parts/noise.js'
import { samplesOf } from '../parts/rate.js'
import { addTone, harmonicsBelow, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate } from '../wording/axes.js'
import { one, the, verb } from '../wording/subject.js'

export const engines: SoundClass[] = [
  {
    name: 'engine',
    about: 'A car engine that runs: the firing of its cylinders through the exhaust.',
    subjects: [
      one(
        ['engine', 'car engine', 'petrol engine', 'engine of a car'],
        [verb('run', 'running'), verb('hum', 'humming'), verb('rumble')],
      ),
    ],
    axes: {
      rate: {
        low: end('slow', ['slow', 'idling', 'slow-running'], ['slowly', 'at low revs']),
        high: end('fast', ['fast', 'revving', 'fast-running'], ['fast', 'at high revs']),
      },
    },
    render(take) {
      const { random, seconds } = take
      const firing = take.along('rate', 15, 170)
      const drift = wander(1.3, seconds, random)
      const cylinders = Array.from({ length: 4 }, () => random.between(0.7, 1))
      const pulses = take.silence()
      for (let t = 0, i = 0; t < seconds; i++) {
        const at = Math.floor(t * samplesOf(1))
        if (at < pulses.length) pulses[at] += cylinders[i % 4] * random.between(0.85, 1.1)
        t += random.near(1, 0.03) / (firing * (1 + 0.03 * drift(t)))
      }
      const pipe = random.between(90, 140) * (firing / 50) ** 0.6
      const exhaust = resonate(pulses, [
        { hertz: pipe, quality: 2, gain: 1.6 },
        { hertz: 2.7 * pipe, quality: 3, gain: 1 },
        { hertz: 5.1 * pipe, quality: 3, gain: 0.6 },
        { hertz: 11 * pipe, quality: 2, gain: 0.25 },
      ])
      toPeak(exhaust)
      const valves = bandpass(whiteNoise(exhaust.length, random), 2600, 0.6)
      shape(valves, (t) => 1 + 0.3 * drift(3 * (t % (seconds / 3))))
      return addAt(exhaust, valves, 0, 0.035)
    },
  },
  {
    name: 'steam_train',
    about: 'A steam locomotive that chuffs, in a beat of four.',
    subjects: [
      one(
        ['steam train', 'steam locomotive', 'steam engine'],
        [verb('chuff'), verb('puff'), verb('roll along', 'rolling')],
      ),
      the(['chuffing of a steam train']),
    ],
    axes: { rate },
    render(take) {
      const { random, seconds } = take
      const gap = 1 / take.along('rate', 1.35, 7.5)
      const out = take.silence()
      const hertz = random.between(420, 800)
      let beat = 0
      for (const t of take.every(gap, 0.02)) {
        const length = Math.min(0.5, 1.1 * gap)
        const chuff = pinkNoise(samplesOf(length), random)
        addAt(chuff, burst(hertz, 0.6, length, random), 0, 0.6)
        shape(chuff, (s) => Math.min(1, s / 0.02) * 10 ** ((-2.2 * s) / length))
        addAt(out, lowpass(bandpass(chuff, hertz, 0.5), 3500), t, beat++ % 4 === 0 ? 1 : 0.7)
      }
      toPeak(out)
      if (random.chance(0.35)) {
        const length = Math.min(1.4, 0.4 * seconds)
        const start = random.between(0.05, 0.5) * seconds
        const level = held(length, 0.12, 0.25)
        for (const note of [1, 1.19, 1.5]) {
          const slide = (s: number) => 560 * note * (1 - 0.08 * Math.exp(-12 * s))
          addTone(out, start, length, slide, (s) => 0.16 * level(s), waveTable([1, 0.4, 0.2]))
        }
      }
      return out
    },
  },
  {
    name: 'propeller_plane',
    about: 'A small plane with a propeller that drones overhead.',
    subjects: [
      one(
        ['propeller plane', 'small plane', 'light aircraft', 'propeller aircraft'],
        [verb('drone'), verb('hum', 'humming')],
      ),
      the(['drone of a propeller plane']),
    ],
    axes: { pitch },
    render(take) {
      const { random, seconds } = take
      const hertz = take.along('pitch', 62, 230)
      const out = take.silence()
      // It comes nearer and goes: by the Doppler effect its pitch falls as it passes.
      const [when, reach] = [random.between(0.2, 0.8) * seconds, random.between(1.5, 3)]
      const fall = (t: number) => 1 - 0.07 * ((t - when) / Math.hypot(t - when, 0.7 * reach))
      const table = waveTable(harmonicsBelow(hertz, 0.8))
      const beat = random.between(1.5, 5)
      addTone(out, 0, seconds, (t) => hertz * fall(t), 1, table)
      addTone(out, 0, seconds, (t) => (hertz + beat) * fall(t), 0.8, table)
      lowpass(out, 14 * hertz, 0.6)
      toPeak(out)
      addAt(out, bandpass(pinkNoise(out.length, random), 6 * hertz, 0.5), 0, 0.12)
      return shape(out, (t) => 1 / Math.hypot(1, (t - when) / reach))
    },
  },
]
