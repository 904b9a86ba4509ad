/** Sounds made up for tests. */
import type { Audio } from '../../lib/audio/audio.js'
import type { GenerateOptions, GenerateResult } from '../../lib/generate.js'
import { generate } from '../../lib/generate.js'
import type { Model } from '../../lib/model.js'

/** Two tones and noise, never silent, the same for the same arguments. */
export function sound(seconds: number, sampleRate: number, seed = 1) {
  let state = seed
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  const samples = Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, i) => {
    const t = i / sampleRate
    return 0.3 * Math.sin(2 * Math.PI * 220 * t) + 0.1 * Math.sin(9000 * t * t) + 0.05 * noise()
  })
  return { samples, sampleRate }
}

/** Short and quick, on two threads. */
export const quick = { steps: 3, scheduler: 'ddim', seed: 7 } as const

export async function samplesOf(model: Model, options: GenerateOptions): Promise<Float32Array[]> {
  const { audio } = await generate(model, { ...quick, ...options })
  return takeSamples(audio)
}

export async function run(
  model: Model,
  options: GenerateOptions,
): Promise<GenerateResult & { samples: Float32Array[] }> {
  const result = await generate(model, { ...quick, ...options })
  return { ...result, samples: await takeSamples(result.audio) }
}

async function takeSamples(audio: Audio[]): Promise<Float32Array[]> {
  return Promise.all(audio.map((clip) => clip.toFloat32Array()))
}
