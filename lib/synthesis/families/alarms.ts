import { held } from '../parts/envelope.js'
import { highpass, lowpass, resonate } from '../parts/filter.js'
import { addTone, harmonicsBelow, waveTable } from '../parts/tone.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch, rate, space } from '../wording/axes.js'
import { one, the, verb } from '../wording/subject.js'

export const alarms: SoundClass[] = [
  {
    name: 'siren',
    about: 'The siren of an emergency vehicle, which goes up and down.',
    subjects: [
      one(
        ['siren', 'police siren', 'ambulance siren', 'emergency siren'],
        [verb('wail'), verb('howl'), verb('go up and down', 'going')],
      ),
      the(['wailing of a siren']),
    ],
    axes: { pitch, rate },
    render(take) {
      const { random, seconds } = take
      const centre = take.along('pitch', 480, 1250)
      const speed = take.along('rate', 0.22, 3.2)
      const depth = random.between(0.35, 0.5)
      const phase = random.next()
      const swing = (t: number) => -Math.cos(2 * Math.PI * (speed * t + phase))
      const table = waveTable(harmonicsBelow(centre * 1.5, 0.9).slice(0, 12))
      const out = take.silence()
      addTone(out, 0, seconds, (t) => centre * (1 + depth) ** swing(t), 1, table)
      // The horn of a loudspeaker, the smaller the higher it has to be.
      const mouth = { hertz: 1.5 * centre, quality: 1, gain: 1 }
      return resonate(out, [mouth, { hertz: 3.1 * centre, quality: 2, gain: 0.4 }])
    },
  },
  {
    name: 'alarm_clock',
    about: 'A digital alarm clock that beeps in groups of four.',
    subjects: [
      one(
        ['alarm clock', 'digital alarm clock', 'clock alarm'],
        [verb('beep'), verb('go off', 'going')],
      ),
      the(['beeping of an alarm clock']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 900, 3300)
      const group = 1 / take.along('rate', 0.55, 1.9)
      const beep = 0.07 * group
      const odd = waveTable([1, 0, random.between(0.2, 0.4), 0, random.between(0.05, 0.2)])
      const out = take.silence()
      for (const t of take.every(group)) {
        for (let i = 0; i < 4; i++) {
          addTone(out, t + 2.1 * beep * i, beep, hertz, held(beep, 0.003, 0.005), odd)
        }
      }
      return out
    },
  },
  {
    name: 'buzzer',
    about: 'An electric buzzer, as of a door or a quiz show.',
    subjects: [
      one(['buzzer', 'electric buzzer', 'door buzzer'], [verb('buzz'), verb('sound')]),
      the(['buzzing of an electric buzzer']),
    ],
    axes: {
      pitch,
      decay: {
        low: end('short', ['short', 'brief'], ['briefly'], ['in short bursts']),
        high: end('long', ['long', 'drawn-out'], [], ['for a long time']),
      },
      space,
    },
    render(take) {
      const { random } = take
      const hertz = take.along('pitch', 75, 320)
      const length = take.along('decay', 0.18, 2.2)
      const table = waveTable(harmonicsBelow(hertz, 0.45))
      const out = take.silence()
      for (const t of take.every(length + random.between(0.3, 0.6))) {
        addTone(out, t, length, hertz, held(length, 0.006, 0.02), table)
        addTone(out, t, length, hertz * 1.006, held(length, 0.006, 0.02), table)
      }
      return lowpass(highpass(out, 200), 11 * hertz)
    },
  },
]
