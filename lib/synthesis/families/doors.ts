import { wander } from '../parts/envelope.js'
import { resonate } from '../parts/filter.js'
import { samplesOf } from '../parts/rate.js'
import type { SoundClass } from '../sound-class.js'
import { pitch, rate, space } from '../wording/axes.js'
import { one, the, verb, who } from '../wording/subject.js'

export const doors: SoundClass[] = [
  {
    name: 'creaking_door',
    about: 'An old door that creaks as it opens: the hinge sticks and slips.',
    subjects: [
      one(['creaking door', 'creaking hinge', 'squeaky door']),
      who(
        ['an old door', 'a rusty hinge', 'a wooden door'],
        [verb('creak'), verb('creak open'), verb('squeak')],
      ),
      the(['creaking of an old door']),
    ],
    axes: { pitch, rate, space },
    render(take) {
      const { random, seconds } = take
      const slip = take.along('rate', 14, 95)
      const hertz = take.along('pitch', 330, 1500)
      const speed = wander(1.6, seconds, random)
      const force = wander(2.3, seconds, random)
      const slips = take.silence()
      let t = 0.02
      while (t < seconds) {
        const now = slip * 2 ** (0.9 * speed(t))
        // It stops now and then, and creaks on.
        const pressed = Math.max(0, 0.75 + force(t))
        slips[Math.min(slips.length - 1, Math.floor(t * samplesOf(1)))] = pressed
        t += random.near(1 / now, 0.08)
      }
      return resonate(slips, [
        { hertz, quality: 9, gain: 1 },
        { hertz: 1.62 * hertz, quality: 12, gain: 0.8 },
        { hertz: 2.71 * hertz, quality: 12, gain: 0.6 },
        { hertz: 4.3 * hertz, quality: 8, gain: 0.3 },
      ])
    },
  },
]
