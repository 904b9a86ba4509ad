/**
 * Features of clips that were computed before. An entry is found by what the clip's file holds and
 * by everything that decides its features, so it never goes stale; deleting entries is always safe.
 *
 * Entry: "ALDMFEAT", the header's length (uint32), a JSON header padded with spaces to a multiple of
 * four, the numbers (float32, little-endian), and sha256 over all that.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { OutputError } from '../../errors.js'
import { outputError } from '../../files/write-file.js'
import { withFile } from '../../weights/file.js'

export interface StoredArray {
  data: Float32Array
  shape: number[]
}

/** Of a clip as it was read. */
export interface ClipFacts {
  durationSeconds: number
  sampleRate: number
  channels: number
}

export interface StoredFeatures extends ClipFacts {
  embedding: StoredArray
  logits?: StoredArray
}

const MAGIC = Buffer.from('ALDMFEAT')
const HASH_BYTES = 32

/** An entry is read whole: none that this writes comes near. */
const MAX_ENTRY_BYTES = 1 << 30

/** AUDIOLDM_CACHE/features, else audioldm/features in XDG_CACHE_HOME or ~/.cache. */
export function defaultFeatureCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.AUDIOLDM_CACHE) return join(resolve(env.AUDIOLDM_CACHE), 'features')
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'audioldm', 'features')
}

export class FeatureCache {
  readonly #dir: string | null
  readonly #onProblem: (error: OutputError) => void
  #reported = false

  /**
   * `dir` null: nothing is stored or found. `onProblem` hears once why entries cannot be written,
   * as on a full disk; the work goes on without them.
   */
  constructor(dir: string | null, onProblem: (error: OutputError) => void = () => {}) {
    this.#dir = dir
    this.#onProblem = onProblem
  }

  /** Undefined where there is no entry, or one that is damaged or another's. */
  async get(contentHash: string, protocolHash: string): Promise<StoredFeatures | undefined> {
    const key = keyOf(contentHash, protocolHash)
    if (this.#dir === null) return undefined
    try {
      return await withFile(entryPath(this.#dir, key), async (file) => {
        if (file.size > MAX_ENTRY_BYTES) return undefined
        return decode(await file.read(0, file.size), key)
      })
    } catch {
      return undefined
    }
  }

  /** Replaces what is there. Many processes may store the same entry at once. */
  async put(contentHash: string, protocolHash: string, features: StoredFeatures): Promise<void> {
    const key = keyOf(contentHash, protocolHash)
    if (this.#dir === null) return
    const entry = encode(features, key)
    const path = entryPath(this.#dir, key)
    const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
    try {
      await mkdir(dirname(path), { recursive: true })
      // Not flushed: an entry that a crash cuts short fails its checksum and is computed again.
      await writeFile(temporary, entry, { flag: 'wx' })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      if (!this.#reported) {
        this.#reported = true
        this.#onProblem(outputError(path, error))
      }
    }
  }
}

interface Key {
  content: string
  protocol: string
}

function keyOf(content: string, protocol: string): Key {
  for (const hash of [content, protocol]) {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError(`not a sha256 in hexadecimal: ${hash}`)
  }
  return { content, protocol }
}

function entryPath(dir: string, { content, protocol }: Key): string {
  const name = createHash('sha256').update(content).update(protocol).digest('hex')
  return join(dir, name.slice(0, 2), `${name}.features`)
}

interface Header extends Key {
  embedding: number[]
  logits: number[] | null
  durationSeconds: number
  sampleRate: number
  channels: number
}

function encode(features: StoredFeatures, key: Key): Buffer {
  const { embedding, logits, durationSeconds, sampleRate, channels } = features
  const header: Header = {
    ...key,
    embedding: embedding.shape,
    logits: logits?.shape ?? null,
    durationSeconds,
    sampleRate,
    channels,
  }
  const text = JSON.stringify(header)
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  const arrays = [embedding, ...(logits ? [logits] : [])]
  const parts = [MAGIC, length, json, ...arrays.map(bytesOf)]
  return Buffer.concat([...parts, sha256(parts)])
}

function bytesOf({ data, shape }: StoredArray): Buffer {
  if (countOf(shape) !== data.length) {
    throw new TypeError(`${data.length} numbers do not make a shape [${shape}]`)
  }
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** Undefined for what `encode` did not write for this key. */
function decode(entry: Buffer, key: Key): StoredFeatures | undefined {
  const end = entry.length - HASH_BYTES
  const jsonStart = MAGIC.length + 4
  if (end < jsonStart || !entry.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (!sha256([entry.subarray(0, end)]).equals(entry.subarray(end))) return undefined
  const dataStart = jsonStart + entry.readUInt32LE(MAGIC.length)
  if (dataStart > end) return undefined
  const header: Header = JSON.parse(entry.toString('utf8', jsonStart, dataStart))
  if (header.content !== key.content || header.protocol !== key.protocol) return undefined
  const { durationSeconds, sampleRate, channels } = header
  let at = dataStart
  const take = (shape: number[]): StoredArray => {
    const bytes = entry.subarray(at, at + 4 * countOf(shape))
    at += 4 * countOf(shape)
    if (at > end) throw new RangeError('the entry is shorter than its header says')
    // A copy, because a Buffer may lie at an odd place in a shared pool.
    return { data: new Float32Array(new Uint8Array(bytes).buffer), shape }
  }
  const embedding = take(header.embedding)
  const logits = header.logits === null ? undefined : take(header.logits)
  if (at !== end) return undefined
  return { embedding, logits, durationSeconds, sampleRate, channels }
}

function countOf(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function sha256(parts: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
