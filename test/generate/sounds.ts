/** Sounds made up for tests. */
import { expect } from 'vitest'
import type { Audio } from '../../lib/audio/audio.js'
import type { GenerateOptions, GenerateResult } from '../../lib/generate/generate.js'
import { generate } from '../../lib/generate/generate.js'
import type { Model } from '../../lib/model/model.js'

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

/**
 * Bit by bit. Not `toEqual`: on failure it would print the difference of 100,000 numbers, which
 * does not end.
 */
export function expectSame(a: Float32Array | Float32Array[], b: Float32Array | Float32Array[]) {
  const [left, right] = [[a].flat(), [b].flat()]
  expect(left.map((samples) => samples.length)).toEqual(right.map((samples) => samples.length))
  left.forEach((samples, clip) => {
    const at = samples.findIndex((value, i) => !Object.is(value, right[clip][i]))
    expect(at, `first sample of clip ${clip} that differs`).toBe(-1)
  })
}
