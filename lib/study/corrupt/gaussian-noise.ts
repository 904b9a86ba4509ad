import type { MelCorruption } from './corruption.js'

export const gaussianNoise: MelCorruption = {
  name: 'gaussian-noise',
  domain: 'mel',
  formula:
    "x' = x + s · n, n normal with standard deviation 1, for every frame and band of the log-mel x",
  scale: 'standard deviation of the noise in natural logarithms of magnitude: 1 is 8.7 dB',
  strengths: [0, 0.25, 0.5, 1, 2],
  apply: ({ data }, strength, random) =>
    data.map((value) => {
      // Box and Muller; both draws are taken whatever the strength.
      const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
      return value + strength * radius * Math.cos(2 * Math.PI * random.next())
    }),
}
