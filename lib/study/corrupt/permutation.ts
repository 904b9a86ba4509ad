import { joinArrays } from '../../join-arrays.js'
import type { Random } from '../../synthesis/parts/random.js'
import type { WaveformCorruption } from './corruption.js'
import { loudestPart } from './waveforms.js'

const eventSeconds = 2
const fadeSeconds = 0.01
const peak = 0.5

export const permutation: WaveformCorruption = {
  name: 'permutation',
  domain: 'waveform',
  companions: 4,
  formula: `x: five events one after the other, the loudest ${eventSeconds} s of a clip and of four clips of other classes, each with a peak of ${peak} and fades of ${1000 * fadeSeconds} ms; x' has s of them in each other's places, by a random cycle`,
  scale: 'number of events that are not in their place',
  strengths: [0, 2, 3, 4, 5],
  apply(own, companions, strength, { sampleRate, random }) {
    const events = [own, ...companions].map((sound) => eventOf(sound, sampleRate))
    return joinArrays(moved(events, strength, random))
  },
}

/** Exactly `count` are in other places than before; there is no way for one alone. */
export function moved<T>(list: readonly T[], count: number, random: Random): T[] {
  const places = random.shuffled(list.map((_, i) => i)).slice(0, count)
  const result = [...list]
  for (const [i, place] of places.entries()) result[places[(i + 1) % count]] = list[place]
  return result
}

function eventOf(sound: Float32Array, sampleRate: number): Float32Array {
  const event = loudestPart(sound, Math.round(eventSeconds * sampleRate))
  const highest = event.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const fade = Math.round(fadeSeconds * sampleRate)
  return event.map((value, i) => {
    const edge = Math.min(1, (i + 1) / fade, (event.length - i) / fade)
    return highest === 0 ? 0 : (value * edge * peak) / highest
  })
}
