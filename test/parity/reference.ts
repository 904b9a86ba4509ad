/** Runs cases through diffusers (reference.py) and through ours, and compares. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GenerateOptions, generate } from '../../lib/generate/generate.js'
import type { Model } from '../../lib/model/model.js'
import { askPython, runPython } from '../python/run.js'

export interface Case {
  name: string
  scheduler: 'ddim' | 'dpmpp-2m' | 'euler' | 'euler-a'
  steps: number
  prompts: string[]
  negativePrompts?: string[]
  guidanceScale: number
  guidanceInterval?: [from: number, to: number]
  featureCache?: number
  durationSeconds: number
  seeds: number[]
  eta?: number
  karras?: boolean
}

export interface Output {
  waves: Float32Array[]
  /** After every step, the latents of all clips. */
  latents: Float32Array[]
}

/** With `save`, diffusers also writes the model to that folder. */
export function runReference(folder: string, cases: Case[], save?: string): Map<string, Output> {
  const out = mkdtempSync(join(tmpdir(), 'audioldm-reference-'))
  const args = [folder, out, ...(save ? [save] : [])]
  runPython('parity/reference.py', args, JSON.stringify(cases))
  const outputs = new Map(
    cases.map((c) => [
      c.name,
      {
        waves: split(floats(join(out, `${c.name}.wave.f32`)), c.prompts.length),
        latents: split(floats(join(out, `${c.name}.latents.f32`)), c.steps),
      },
    ]),
  )
  rmSync(out, { recursive: true })
  return outputs
}

export async function runOurs(
  model: Model,
  c: Case,
  extra: Partial<GenerateOptions> = {},
): Promise<Output> {
  const job = generate(model, {
    prompt: c.prompts.map((prompt, i) => ({
      prompt,
      seed: c.seeds[i],
      ...(c.negativePrompts && { negativePrompt: c.negativePrompts[i] }),
    })),
    scheduler: c.scheduler,
    steps: c.steps,
    guidanceScale: c.guidanceScale,
    guidanceInterval: c.guidanceInterval,
    featureCache: c.featureCache,
    durationSeconds: c.durationSeconds,
    batchSize: c.prompts.length,
    stepLatents: true,
    ...(c.eta !== undefined && { eta: c.eta }),
    ...(c.karras !== undefined && { karras: c.karras }),
    ...extra,
  })
  const latents: Float32Array[] = []
  for await (const event of job) {
    if (event.type === 'step' && event.latents) {
      // A newer step takes the place of one that was not read in time, and leaves a hole here.
      latents[event.step - 1] = (await event.latents.data()) as Float32Array
    }
  }
  const { audio } = await job
  const waves = await Promise.all(audio.map((clip) => clip.toFloat32Array()))
  for (const clip of audio) clip.dispose()
  return { waves, latents }
}

export interface ClapRequest {
  /** Folders of audio towers; one with a structure is written there first, with random weights. */
  towers: Record<string, { width: number; depths: number[]; heads: number[] } | null>
  text_encoder: string
  /** WAV files of 32-bit floats. */
  clips: string[]
  texts: number[][]
}

export interface ClapRows {
  audio: Record<string, number[][]>
  text: number[][]
}

/** CLAP embeddings by transformers (clap.py). */
export function runClap(request: ClapRequest): ClapRows {
  return askPython('parity/clap.py', request)
}

/** The largest difference, in units of the reference's largest magnitude. */
export function peakError(ours: Float32Array, reference: Float32Array): number {
  if (ours.length !== reference.length) return Number.POSITIVE_INFINITY
  let error = 0
  let peak = 0
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(ours[i] - reference[i])
    if (!(difference <= error)) error = difference
    peak = Math.max(peak, Math.abs(reference[i]))
  }
  return error / peak
}

/** The largest difference, in units of the reference's standard deviation. */
export function unitError(ours: Float32Array, reference: Float32Array): number {
  let sum = 0
  let squares = 0
  let peak = 0
  for (const value of reference) {
    sum += value
    squares += value * value
    peak = Math.max(peak, Math.abs(value))
  }
  const mean = sum / reference.length
  const std = Math.sqrt(squares / reference.length - mean * mean)
  return (peakError(ours, reference) * peak) / std
}

export function floats(path: string): Float32Array {
  const bytes = readFileSync(path)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4).slice()
}

function split(values: Float32Array, parts: number): Float32Array[] {
  const size = values.length / parts
  return Array.from({ length: parts }, (_, i) => values.subarray(i * size, (i + 1) * size))
}
