/** The sounds that an evaluation list names, laid out as a folder that `score` reads. */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { DecodedAudio } from '../audio/decoded-audio.js'
import { AudioReaderPool } from '../audio/reader-pool.js'
import { encodeWav } from '../audio/wav.js'
import type { DatasetClip } from '../datasets/dataset.js'
import { AudioError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import { fileProblem } from '../files/file-problem.js'
import type { Skipped } from '../files/walk.js'
import { makeFolder, writeFileAtomic } from '../files/write-file.js'
import type { ListItem } from './evaluation-list.js'

export interface TestItem extends ListItem {
  /** Of all items of the list, those that are skipped included: its seed follows from it. */
  index: number
  /** The file of its reference. */
  reference: string
}

export interface References {
  folder: string
  items: TestItem[]
  skipped: Skipped[]
  /** Over the names and contents of all of them. */
  hash: string
}

/**
 * Writes every reference to `<folder>/<name of the item>` with the extension of its file; of a clip
 * that is a part of a file, the part as WAV. Those that are not there or cannot be read are skipped.
 * @throws OutputError
 */
export async function layOutReferences(
  folder: string,
  items: readonly ListItem[],
  clips: readonly DatasetClip[],
  onStep: (done: number) => void,
  signal: AbortSignal,
): Promise<References> {
  await makeFolder(folder)
  const byId = new Map(clips.map((clip) => [clip.id, clip]))
  const pool = new AudioReaderPool()
  const result: References = { folder, items: [], skipped: [], hash: '' }
  const contents: [name: string, hash: string][] = []
  try {
    for (const [index, item] of items.entries()) {
      const clip = byId.get(item.id)
      try {
        if (clip === undefined) throw new AudioError('is on the list and not in the data set')
        const { bytes, extension } = await read(clip, pool, signal)
        const reference = join(folder, item.name + extension)
        const there = await readFile(reference).catch(() => undefined)
        if (!there?.equals(bytes)) await writeFileAtomic(reference, bytes)
        contents.push([item.name, createHash('sha256').update(bytes).digest('hex')])
        result.items.push({ ...item, index, reference })
      } catch (error) {
        if (!(error instanceof AudioError)) throw error
        result.skipped.push({ path: clip?.path ?? item.id, reason: error.message })
      }
      onStep(index + 1)
    }
  } finally {
    await pool.dispose()
  }
  await removeOthers(folder, new Set(result.items.map(({ reference }) => basename(reference))))
  result.hash = createHash('sha256').update(canonicalJson(contents)).digest('hex')
  return result
}

/** Of a list before: who scores against the folder scores against this list. */
async function removeOthers(folder: string, names: Set<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!names.has(name)) await rm(join(folder, name), { force: true, recursive: true })
  }
}

async function read(
  clip: DatasetClip,
  pool: AudioReaderPool,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; extension: string }> {
  const bytes = await readFile(clip.path).catch((error) => {
    throw new AudioError(fileProblem(error), { cause: error })
  })
  const { audio } = await pool.decode(bytes, { signal })
  if (clip.startSeconds === undefined && clip.endSeconds === undefined) {
    return { bytes, extension: extname(clip.path) }
  }
  return { bytes: encodeWav(cut(audio, clip), audio.sampleRate, 'float32'), extension: '.wav' }
}

function cut(
  { channels, sampleRate }: DecodedAudio,
  { startSeconds = 0, endSeconds }: DatasetClip,
): Float32Array[] {
  const first = Math.round(startSeconds * sampleRate)
  const end = endSeconds === undefined ? undefined : Math.round(endSeconds * sampleRate)
  if (first >= channels[0].length) throw new AudioError(`has nothing from ${startSeconds} s on`)
  return channels.map((channel) => channel.subarray(first, end))
}
