/** The JSON lists of audioldm_eval and the training code: {"data": [{"wav", "caption", "labels"}]}. */
import { basename, join } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { findLabelNames } from './audioset-labels.js'
import { tidy } from './captions.js'
import type { ClipList } from './clip-list.js'
import { checkRows, maxJsonBytes, readList } from './list-file.js'
import type { YouTubeFiles } from './youtube-files.js'

/**
 * Of `wav` only the name counts: such lists hold paths of the machine that they were made on. Every
 * text under a key with "caption" in it is a caption, as in the code that they were made for.
 */
export async function readJsonList(
  folder: string,
  list: string,
  files: YouTubeFiles,
  clips: ClipList,
): Promise<void> {
  const path = join(folder, list)
  const names = await findLabelNames(folder)
  for (const [i, item] of (await readItems(path)).entries()) {
    // There are no lines in JSON: items are numbered from 1.
    const reject = (reason: string) => clips.reject(i + 1, reason)
    const entry = typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {}
    const wav = typeof entry.wav === 'string' ? basename(entry.wav.replaceAll('\\', '/')) : ''
    const captions = captionsOf(entry)
    if (wav === '') reject('has no wav')
    else if (captions.length === 0) reject(`${wav} has no caption`)
    else {
      const file = files.named(wav)
      const clip = { id: wav, captions, labels: labelsOf(entry, names) }
      if (file === undefined) clips.missing(wav, 'there is no file with this name or id', clip)
      else clips.add(i + 1, { ...clip, file })
    }
  }
}

async function readItems(path: string): Promise<unknown[]> {
  const text = (await readList(path, maxJsonBytes)).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidOptionError('dataset', `${path} is not JSON: ${(error as Error).message}`)
  }
  const data = Array.isArray(value) ? value : (value as { data?: unknown } | null)?.data
  if (!Array.isArray(data)) {
    throw new InvalidOptionError('dataset', `${path} has no list of clips named "data"`)
  }
  checkRows(path, data.length)
  return data
}

function captionsOf(entry: Record<string, unknown>): string[] {
  const texts = Object.entries(entry)
    .filter(([key]) => key.includes('caption'))
    .flatMap(([, value]) => value)
  return texts
    .filter((text) => typeof text === 'string' && tidy(text) !== '')
    .map((t) => tidy(t as string))
}

function labelsOf(entry: Record<string, unknown>, names: Map<string, string>): string[] {
  const mids = typeof entry.labels === 'string' ? entry.labels.split(',') : []
  return mids.map((mid) => names.get(mid.trim()) ?? tidy(mid)).filter((label) => label !== '')
}
