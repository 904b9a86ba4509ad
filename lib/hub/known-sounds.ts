/** What a small model was trained to make, so that a prompt far from all of it can be told. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InvalidModelError } from '../errors.js'
import { readJsonObject } from './folder-index.js'

export interface KnownSounds {
  /** Cosine similarity of a text to the nearest sound, below which the model does not know it. */
  threshold: number
  sounds: KnownSound[]
}

export interface KnownSound {
  name: string
  /** Mean CLAP text embedding of its captions, of any length. */
  embedding: number[]
}

const file = 'known_sounds.json'

/**
 * Reads `known_sounds.json` of a model folder; undefined where there is none.
 * @throws InvalidModelError
 */
export async function readKnownSounds(
  dir: string,
  width: number,
): Promise<KnownSounds | undefined> {
  const path = join(dir, file)
  if (!(await stat(path).catch(() => undefined))) return undefined
  const schema = z.object({
    threshold: z.number().min(-1).max(1),
    sounds: z
      .array(z.object({ name: z.string().min(1), embedding: z.array(z.number()).length(width) }))
      .min(1),
  })
  const parsed = schema.safeParse(await readJsonObject(path))
  if (parsed.success) return parsed.data
  const { path: where, message } = parsed.error.issues[0]
  throw new InvalidModelError(
    `${path}: ${where.join('.')}: ${message}`,
    'Download the model again, or remove the file: prompts are then not looked at.',
  )
}
