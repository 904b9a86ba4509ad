import { decaying, wander } from '../parts/envelope.js'
import { bandpass, Filter, highpass, lowpass, resonate } from '../parts/filter.js'
import { addAt, scale, shape, toPeak } from '../parts/mix.js'
import { brownNoise, pinkNoise, whiteNoise } from '../parts/noise.js'
import type { Random } from '../parts/random.js'
import { samplesOf } from '../parts/rate.js'
import type { SoundClass } from '../sound-class.js'
import { end, pitch } from '../wording/axes.js'
import { many, mass, one, the, verb } from '../wording/subject.js'

/** A rumble and, over it, claps from parts of the lightning that are further and further away. */
function peal(length: number, seconds: number, random: Random): Float32Array {
  const fall = decaying(length, 0.03)
  const roll = wander(9, seconds, random)
  const rumble = brownNoise(samplesOf(seconds), random)
  lowpass(rumble, random.between(150, 380), 0.9)
  const out = toPeak(shape(rumble, (t) => fall(t) * (0.6 + 0.5 * roll(t)) ** 2))
  let t = 0
  for (let claps = random.whole(2, 5); claps > 0; claps--) {
    const crack = whiteNoise(samplesOf(1), random)
    const ragged = wander(60, 1, random)
    const edge = decaying(random.between(0.25, 0.7), 0.004)
    shape(crack, (s) => edge(s) * (0.55 + 0.45 * ragged(s)))
    const dull = highpass(lowpass(crack, random.ratio(500, 2500)), 60)
    addAt(out, toPeak(dull), t, 0.75 * fall(t + 0.03))
    t += random.between(0.04, 0.3) * length ** 0.7
  }
  return out
}

export const weather: SoundClass[] = [
  {
    name: 'wind',
    about: 'Wind that howls around a house, in gusts.',
    subjects: [
      mass(
        ['wind', 'wind around a house', 'wind in the open'],
        [verb('blow'), verb('howl'), verb('whistle')],
      ),
      the(['howling of the wind']),
    ],
    axes: {
      pitch,
      strength: {
        low: end('gentle', ['gentle', 'light', 'soft'], ['gently', 'softly']),
        high: end('strong', ['strong', 'stormy', 'heavy'], ['strongly', 'in heavy gusts']),
      },
    },
    render(take) {
      const { random, seconds } = take
      const centre = take.along('pitch', 190, 950)
      // In light wind little moves; in a storm the howl runs up and down with every gust.
      const depth = take.along('strength', 0.12, 0.6)
      const gust = wander(take.along('strength', 0.4, 1.6), seconds, random)
      const howl = pinkNoise(samplesOf(seconds), random)
      new Filter('bandpass', centre, take.along('strength', 1.2, 6)).sweep(
        howl,
        (t) => centre * 2 ** (1.2 * depth * gust(t)),
      )
      const rush = lowpass(pinkNoise(howl.length, random), 1.2 * centre)
      const hiss = bandpass(whiteNoise(howl.length, random), 4 * centre, 0.6)
      addAt(howl, scale(rush, 0.12), 0)
      addAt(howl, scale(hiss, take.along('strength', 0.003, 0.2)), 0)
      return shape(howl, (t) => Math.exp(2.2 * depth * gust(t)))
    },
  },
  {
    name: 'thunder',
    about: 'A clap of thunder that rolls away.',
    subjects: [
      mass(['thunder', 'rolling thunder'], [verb('rumble'), verb('roll'), verb('crash')]),
      one(['clap of thunder', 'thunderclap', 'peal of thunder'], [verb('crash'), verb('roll')]),
    ],
    axes: {
      decay: {
        low: end('short', ['short', 'brief'], ['briefly']),
        high: end('long', ['long', 'drawn-out'], ['for a long time', 'on and on']),
      },
    },
    render(take) {
      const { random, seconds } = take
      const length = take.along('decay', 0.9, 7)
      const out = take.silence()
      let start = take.start()
      while (start < seconds) {
        addAt(out, peal(length, Math.min(1.3 * length, seconds - start), random), start)
        start += 1.2 * length + random.between(0.6, 1.4)
      }
      return out
    },
  },
  {
    name: 'rain_on_roof',
    about: 'Rain that drums on a tin roof.',
    subjects: [
      mass(['rain'], [verb('drum on a tin roof', 'drumming'), verb('fall on a metal roof')]),
      mass(['rain on a tin roof', 'rain on a metal roof']),
      many(
        ['raindrops', 'drops of rain'],
        [verb('drum on a tin roof', 'drumming'), verb('patter on a metal roof')],
      ),
    ],
    axes: {
      strength: {
        low: end('light', ['light', 'sparse', 'gentle'], ['lightly', 'gently']),
        high: end('heavy', ['heavy', 'dense', 'strong'], ['heavily', 'hard']),
      },
      pitch,
    },
    render(take) {
      const { random } = take
      const centre = take.along('pitch', 500, 1900)
      // Three sheets of tin, each of which resonates in its own way.
      const drops = [take.silence(), take.silence(), take.silence()]
      for (const t of take.scattered(take.along('strength', 28, 900))) {
        // Few drops are large.
        random.pick(drops)[Math.floor(t * samplesOf(1))] += random.between(0.15, 1) ** 3
      }
      const out = take.silence()
      for (const each of drops) {
        const own = centre * random.between(0.75, 1.35)
        const modes = [0.42, 1, 1.73, 2.61, 3.9].map((ratio) => ({
          hertz: random.near(own * ratio, 0.12),
          quality: random.between(3, 8),
          gain: random.between(0.5, 1),
        }))
        addAt(out, resonate(each, modes), 0)
        addAt(out, lowpass(each, 5 * centre), 0, 0.06)
      }
      const hiss = bandpass(whiteNoise(out.length, random), 3.2 * centre, 0.5)
      toPeak(out)
      return addAt(out, hiss, 0, take.along('strength', 0.002, 0.09))
    },
  },
]
