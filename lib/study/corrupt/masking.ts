import type { MelCorruption } from './corruption.js'

/** What the front-end of AudioLDM gives for silence. */
const silence = Math.log(1e-5)

export const masking: MelCorruption = {
  name: 'masking',
  domain: 'mel',
  formula:
    "x' = ln 10⁻⁵, the front-end's silence, where u < s, else x; u uniform in [0, 1), for every frame and band of the log-mel x",
  scale: 'part of frames and bands that are masked, each for itself',
  strengths: [0, 0.1, 0.2, 0.4, 0.8],
  apply: ({ data }, strength, random) =>
    data.map((value) => (random.next() < strength ? silence : value)),
}
