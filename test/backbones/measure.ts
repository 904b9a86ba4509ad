/** Runs reference.py and holds ours against it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runPython } from '../python/run.js'

export interface Reference {
  folder: string
  shapes: Record<string, number[]>
}

/** Writes weights of every kind and format, clips and the statements' outputs to `folder`. */
export function runReference(folder: string, width: number, seconds: number): Reference {
  const output = runPython('backbones/reference.py', [folder, String(width), String(seconds)])
  return { folder, shapes: JSON.parse(output) }
}

export function readClips({ folder }: Reference, kind: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${kind}.clips.f32`))
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
}

export function readOutput({ folder }: Reference, name: string, dtype: string): Float64Array {
  const file = readFileSync(join(folder, `${name}.${dtype}.f64`))
  return new Float64Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength))
}

export interface Errors {
  median: number
  worst: number
}

/** Over clips: the rms of the differences in a clip, in units of the rms of all `exact` values. */
export function clipErrors(
  exact: ArrayLike<number>,
  found: ArrayLike<number>,
  clips: number,
): Errors {
  if (found.length !== exact.length) throw new Error(`${found.length} values, not ${exact.length}`)
  let squares = 0
  const perClip = exact.length / clips
  const errors = new Float64Array(clips)
  for (let i = 0; i < exact.length; i++) {
    squares += exact[i] ** 2 / exact.length
    errors[Math.floor(i / perClip)] += (found[i] - exact[i]) ** 2 / perClip
  }
  const sorted = errors.map((error) => Math.sqrt(error / squares)).sort()
  return { median: sorted[Math.floor(clips / 2)], worst: sorted[clips - 1] }
}
