import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askPython } from '../python/run.js'

export interface SoundFile {
  name: string
  format: string
  subtype: string
  endian?: string
  channels: number
  rate: number
  frames: number
}

export interface Sound {
  name: string
  path: string
  bytes: Buffer
  /** As libsndfile reads them. */
  channels: Float32Array[]
  rate: number
}

/** Has libsndfile write the files into a new folder. */
export function writeSounds(files: SoundFile[]): { folder: string; sounds: Sound[] } {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-sounds-'))
  const read = askPython<{ channels: number; rate: number; frames: number }[]>(
    'audio/python/sounds.py',
    { folder, files },
  )
  const sounds = files.map(({ name }, i) => {
    const path = join(folder, name)
    const samples = readFileSync(`${path}.f32`)
    const { channels, rate, frames } = read[i]
    const planar = Array.from({ length: channels }, (_, c) =>
      Float32Array.from({ length: frames }, (_, n) => samples.readFloatLE(4 * (n * channels + c))),
    )
    return { name, path, bytes: readFileSync(path), channels: planar, rate }
  })
  return { folder, sounds }
}

/** The largest difference of two sounds of the same shape. */
export function difference(a: Float32Array[], b: Float32Array[]): number {
  if (a.length !== b.length || a.some((samples, c) => samples.length !== b[c].length)) {
    return Number.POSITIVE_INFINITY
  }
  let largest = 0
  a.forEach((samples, c) => {
    samples.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - b[c][i]))
    })
  })
  return largest
}

/** Numbers in [0, 1) that are the same in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

/** The bytes cut off, with single bytes changed, a stretch erased or a stretch left out. */
export function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit)
  const copy = Uint8Array.from(bytes)
  const at = below(copy.length)
  switch (below(5)) {
    case 0:
      return copy.subarray(0, at)
    case 1:
      for (let n = below(8); n >= 0; n--) copy[below(copy.length)] = below(256)
      return copy
    case 2:
      for (let n = below(4); n >= 0; n--) copy[below(Math.min(copy.length, 300))] = below(256)
      return copy
    case 3:
      return copy.fill(below(2) * 255, at, at + below(2000))
    default:
      return Uint8Array.from(
        Buffer.concat([copy.subarray(0, at), copy.subarray(at + below(500) + 1)]),
      )
  }
}
