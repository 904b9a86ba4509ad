/** What a small model was trained to make, so that a prompt far from all of it can be told. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InvalidModelError, InvalidWeightsError } from '../errors.js'
import { readSafetensors, readSafetensorsMetadata } from '../weights/safetensors.js'
import { readTensor } from '../weights/tensor.js'

export interface KnownSounds {
  /** Cosine similarity of a text to the nearest sound, below which the model does not know it. */
  threshold: number
  sounds: KnownSound[]
}

export interface KnownSound {
  name: string
  /** CLAP text embeddings that stand for its captions, of any length. */
  embeddings: Float32Array[]
}

const file = 'known_sounds.safetensors'
const format = 'audioldm-known-sounds-1'
const mostRows = 100_000
const contentSchema = z.object({
  threshold: z.number().min(-1).max(1),
  sounds: z.array(z.object({ name: z.string().min(1), rows: z.int().min(1).max(mostRows) })).min(1),
})

/**
 * Reads `known_sounds.safetensors` of a model folder: `embeddings` [R, width], the rows of one sound
 * after the other, and in the metadata which sounds these are. Undefined where there is no such file.
 * @throws InvalidModelError
 */
export async function readKnownSounds(
  dir: string,
  width: number,
): Promise<KnownSounds | undefined> {
  const path = join(dir, file)
  if (!(await stat(path).catch(() => undefined))) return undefined
  try {
    return await read(path, width)
  } catch (error) {
    if (!(error instanceof InvalidWeightsError)) throw error
    throw wrong(error.message)
  }
}

async function read(path: string, width: number): Promise<KnownSounds> {
  const metadata = await readSafetensorsMetadata(path)
  if (metadata.get('format') !== format) throw wrong(`${path}: its format is not ${format}`)
  const parsed = contentSchema.safeParse(parse(metadata.get('content') ?? ''))
  if (!parsed.success) {
    const [{ path: where, message }] = parsed.error.issues
    throw wrong(`${path}: ${where.join('.')}: ${message}`)
  }
  const { threshold, sounds } = parsed.data
  const source = (await readSafetensors(path)).get('embeddings')
  const rows = sounds.reduce((sum, sound) => sum + sound.rows, 0)
  const floats = source?.dtype === 'float16' || source?.dtype === 'float32'
  if (!source || !floats || String(source.shape) !== String([rows, width])) {
    const found = source ? `${source.dtype} [${source.shape}]` : 'missing'
    throw wrong(`${path}: embeddings is ${found}, not floats [${rows}, ${width}]`)
  }
  const values = (await readTensor(source)) as Float32Array
  if (!values.every(Number.isFinite)) {
    throw wrong(`${path}: embeddings has values that are not finite`)
  }
  let first = 0
  const embeddingsOf = (count: number) =>
    Array.from({ length: count }, () => values.subarray(width * first, width * ++first))
  return {
    threshold,
    sounds: sounds.map(({ name, rows }) => ({ name, embeddings: embeddingsOf(rows) })),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wrong(message: string): InvalidModelError {
  const hint = 'Download the model again, or remove the file: prompts are then not looked at.'
  return new InvalidModelError(message, hint)
}
