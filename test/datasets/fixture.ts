/** Small data sets in the published layouts, written with real sound files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encodeWav } from '../../lib/audio/wav.js'
import { InvalidOptionError } from '../../lib/errors.js'

export interface Scratch {
  path: string
  /** Writes files below a new folder: text, bytes, or a number for a tone of that many hertz. */
  folder(files: Record<string, string | Uint8Array | number>): string
  remove(): void
}

export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'audioldm-datasets-'))
  let folders = 0
  return {
    path,
    folder: (files) => {
      const folder = join(path, String(folders++))
      mkdirSync(folder)
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true })
        writeFileSync(join(folder, name), typeof content === 'number' ? tone(content) : content)
      }
      return folder
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

export function tone(hertz: number, seconds = 0.1, sampleRate = 8000): Uint8Array {
  const samples = new Float32Array(Math.round(seconds * sampleRate))
  for (let i = 0; i < samples.length; i++) {
    samples[i] = 0.5 * Math.sin((2 * Math.PI * hertz * i) / sampleRate)
  }
  return encodeWav(samples, sampleRate)
}

/** The option that was refused, and why. */
export async function refusal(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message
    throw error
  }
  return 'nothing was refused'
}
