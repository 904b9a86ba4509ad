import type { WaveformCorruption } from './corruption.js'
import { rms } from './waveforms.js'

/** Of each interfering sound: ten of them are together as loud as the clip. */
const snrDb = 10

export const interference: WaveformCorruption = {
  name: 'interference',
  domain: 'waveform',
  companions: 10,
  formula: `x' = x + Σ g · z over s sounds z of as many other classes, g = rms(x) / rms(z) · 10^(−${snrDb}/20): each ${snrDb} dB below the clip; z is repeated or cut to its length`,
  scale: 'number of interfering sounds, each of another class',
  strengths: [0, 1, 2, 5, 10],
  apply(own, companions, strength) {
    const mixed = own.slice()
    const level = rms(own) * 10 ** (-snrDb / 20)
    for (const other of companions.slice(0, strength)) {
      const looped = mixed.map((_, i) => other[i % other.length])
      const loudness = rms(looped)
      // Of silence nothing is heard at any level.
      if (loudness === 0) continue
      for (let i = 0; i < mixed.length; i++) mixed[i] += (level / loudness) * looped[i]
    }
    return mixed
  },
}
