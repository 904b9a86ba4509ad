import { held, wander } from '../parts/envelope.js'
import { addAt } from '../parts/mix.js'
import { samplesOf } from '../parts/rate.js'
import { addTone, harmonicsBelow, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate } from '../wording/axes.js'
import { many, one, the, verb } from '../wording/subject.js'

export const insects: SoundClass[] = [
  {
    name: 'crickets',
    about: 'Crickets on a summer night: chirps of three or four pulses.',
    subjects: [
      many(['crickets', 'crickets at night', 'field crickets'], [verb('chirp'), verb('sing')]),
      one(['cricket', 'field cricket'], [verb('chirp'), verb('sing')]),
      the(['chirping of crickets']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 2500, 5600)
      const gap = 1 / take.along('rate', 0.95, 4.6)
      const out = take.silence()
      // One in front, and others of its kind further off.
      for (let insect = 0; insect < 3; insect++) {
        const own = random.near(hertz, insect === 0 ? 0.02 : 0.06)
        const pulses = random.whole(3, 4)
        const pulse = Math.min(0.02, (0.5 * gap) / pulses)
        const chirp = new Float32Array(samplesOf(1.6 * pulse * pulses))
        for (let i = 0; i < pulses; i++) {
          const drop = (t: number) => own * (1.01 - (0.03 * t) / pulse)
          addTone(chirp, 1.5 * pulse * i, pulse, drop, held(pulse, 0.4 * pulse, 0.5 * pulse))
        }
        const level = insect === 0 ? 1 : random.between(0.05, 0.15)
        const shift = insect === 0 ? 0 : random.between(0, gap)
        for (const t of take.every(random.near(gap, 0.03), 0.04))
          addAt(out, chirp, t + shift, level)
      }
      return out
    },
  },
  {
    name: 'mosquito',
    about: 'A mosquito that whines around the head.',
    subjects: [
      one(['mosquito', 'mosquito in a bedroom', 'gnat'], [verb('whine'), verb('buzz')]),
      the(['whining of a mosquito', 'buzzing of a mosquito']),
    ],
    axes: { pitch },
    render(take) {
      const { random, seconds } = take
      const hertz = take.along('pitch', 330, 950)
      const drift = wander(1.8, seconds, random)
      const flutter = wander(14, seconds, random)
      const nearness = wander(1.1, seconds, random)
      const table = waveTable(harmonicsBelow(hertz, 1.1))
      const pitchAt = (t: number) => hertz * 2 ** (0.08 * drift(t) + 0.012 * flutter(t))
      return addTone(take.silence(), 0, seconds, pitchAt, (t) => 10 ** (0.55 * nearness(t)), table)
    },
  },
  {
    name: 'bees',
    about: 'A swarm of bees that hums around its hive.',
    subjects: [
      many(['bees', 'bees around a hive'], [verb('hum', 'humming'), verb('buzz')]),
      one(['swarm of bees', 'beehive'], [verb('hum', 'humming'), verb('buzz')]),
    ],
    axes: {
      pitch,
      strength: {
        low: end('few', ['calm'], ['calmly'], ['in small numbers']),
        high: end('many', ['angry'], ['angrily'], ['in great numbers']),
      },
    },
    render(take) {
      const { random, seconds } = take
      const hertz = take.along('pitch', 110, 300)
      const bees = Math.round(take.along('strength', 2, 22))
      const table = waveTable(harmonicsBelow(hertz * 1.2, 1).slice(0, 24))
      const out = take.silence()
      for (let bee = 0; bee < bees; bee++) {
        const own = random.near(hertz, 0.1)
        const drift = wander(random.between(1, 4), seconds, random)
        const pass = wander(random.between(0.4, 1.5), seconds, random)
        const pitchAt = (t: number) => own * (1 + 0.06 * drift(t))
        addTone(out, 0, seconds, pitchAt, (t) => 10 ** pass(t), table, random.next())
      }
      return out
    },
  },
]
