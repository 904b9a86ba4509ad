/** Puts a sound at a distance into a place: level, air, echo, noise. */
import { highpass, lowpass } from './parts/filter.js'
import { addAt, rootMeanSquare, scale, toPeak } from './parts/mix.js'
import { pinkNoise } from './parts/noise.js'
import { sampleRate } from './parts/rate.js'
import { type Room, reverb } from './parts/reverb.js'
import type { SoundClass, Take } from './sound-class.js'

/** Seconds of fading at both ends of a clip. */
const fade = 0.005

/**
 * What is far away is quieter, duller, and more echo than sound. Its noise floor is that of the
 * place and does not become quieter.
 */
export function place({ axes }: SoundClass, take: Take, dry: Float32Array): Float32Array {
  const { random } = take
  highpass(toPeak(dry), 25)
  const air = take.along('distance', 14000, 1300)
  const sound = lowpass(lowpass(dry, air, 0.5), 2.5 * air, 0.5)
  toPeak(sound)
  const echo = reverb(sound, room(axes.space !== undefined, take))
  // Indoors a dry room has next to no echo; outdoors the ground and what stands there echo a little.
  const wet = axes.space ? take.along('space', 0.02, 0.5) : random.between(0.01, 0.06)
  const share = wet + take.along('distance', 0.01, 0.6)
  // Measured by their levels: far away there is more echo than sound.
  const heard = addAt(sound, echo, 0, (share * rootMeanSquare(sound)) / (rootMeanSquare(echo) || 1))
  const level = 10 ** (random.between(-1.5, 1.5) / 20) * take.along('distance', 0.75, 0.055)
  // What is strong is also louder, and less so than what is near.
  scale(toPeak(heard), level * take.along('strength', 0.7, 1))

  const floor = 10 ** (random.between(-78, -62) / 20)
  const noise = lowpass(pinkNoise(heard.length, random), random.ratio(800, 8000))
  addAt(heard, noise, 0, 2 * floor)
  const edge = Math.round(fade * sampleRate)
  for (let i = 0; i < edge && i < heard.length; i++) {
    heard[i] *= i / edge
    heard[heard.length - 1 - i] *= i / edge
  }
  return heard
}

function room(indoors: boolean, take: Take): Room {
  if (!indoors) return { decay: take.random.between(0.8, 1.8), size: 0.045, damping: 2500 }
  return {
    decay: take.along('space', 0.15, 2.6),
    size: take.along('space', 0.006, 0.06),
    damping: 5000,
  }
}
