import type { Corruption } from './corruption.js'
import { gaussianNoise } from './gaussian-noise.js'
import { interference } from './interference.js'
import { masking } from './masking.js'
import { permutation } from './permutation.js'

/** In the order of Figure 1. */
export const corruptions: readonly Corruption[] = [
  ...[gaussianNoise, masking],
  ...[interference, permutation],
]
