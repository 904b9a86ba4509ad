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
      const swing = 1 / take.along('rate', 0.55, 3.6)
      const slip = random.between(22, 40) * take.along('rate', 0.8, 1.6)
      const hertz = take.along('pitch', 330, 1500)
      const unsteady = wander(5, seconds, random)
      const slips = take.silence()
      // With every push the hinge sets off slowly, speeds up and sticks again.
      for (const start of take.every(swing, 0.15)) {
        const length = random.between(0.55, 0.75) * swing
        for (let t = 0; t < length; ) {
          const push = Math.sin((Math.PI * t) / length)
          const at = Math.floor((start + t) * samplesOf(1))
          if (at < slips.length) slips[at] = 0.15 + 0.85 * push
          t += random.near(1 / (slip * (0.6 + 1.2 * push) * 2 ** (0.4 * unsteady(start + t))), 0.08)
        }
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
