/** From what a caller calls a set of sounds to clips in order, and saved statistics. */
import { stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { Audio } from '../../audio/audio.js'
import { type ClipInput, type ClipSource, fileClip, memoryClip } from '../../audio/clip-source.js'
import { InvalidOptionError } from '../../errors.js'
import { type Skipped, walkFolder } from '../../files/walk.js'
import { show } from '../../options.js'

/**
 * A set of sounds:
 * - a folder, read with its sub-folders; a clip is named by its path in it. Hidden files are passed
 *   over; files that are no sounds are reported as skipped;
 * - a sound file, or saved statistics (`.safetensors`) in place of sounds;
 * - a list of any of these, or of clips in memory. Files of a list are named by their path below the
 *   deepest folder they share.
 *
 * Clips are taken in the order of their names, compared by code units; with `pairing: 'order'`, and
 * in memory, in the order given.
 */
export type AudioSet = string | readonly (string | ClipInput)[]

export interface ResolvedSet {
  clips: ClipSource[]
  /** The same in the order in which they were given. */
  listed: ClipSource[]
  /** Paths of saved statistics. */
  statistics: string[]
  skipped: Skipped[]
}

/** Refuses at once what cannot be a set of sounds. */
export function checkAudioSet(option: string, set: unknown): AudioSet {
  const entries: unknown[] = Array.isArray(set) ? set : [set]
  if (Array.isArray(set) && set.length === 0) {
    throw new InvalidOptionError(option, 'the list is empty')
  }
  entries.forEach((entry, i) => {
    const label = Array.isArray(set) ? `${option}[${i}]` : option
    if (typeof entry === 'string') {
      if (entry === '') throw new InvalidOptionError(label, 'is empty')
      if (entry.includes('\0')) throw new InvalidOptionError(label, 'is no path: it has a NUL')
      return
    }
    const clip = Array.isArray(set) && typeof entry === 'object' && entry !== null
    if (!clip) {
      const expected = 'expected a folder, a file, saved statistics, or a list of files or clips'
      throw new InvalidOptionError(label, `${expected}, got ${show(entry)}`)
    }
    if (!(entry instanceof Audio)) memoryClip(entry as ClipInput, label)
  })
  return set as AudioSet
}

/** @throws InvalidOptionError naming a path that is not there, or a set that is empty. */
export async function resolveSet(
  option: string,
  set: AudioSet,
  sorted: boolean,
  signal?: AbortSignal,
): Promise<ResolvedSet> {
  const entries = typeof set === 'string' ? [set] : set
  const result: ResolvedSet = { clips: [], listed: [], statistics: [], skipped: [] }
  const shared = sharedFolder(entries.filter((entry): entry is string => typeof entry === 'string'))
  for (const [i, entry] of entries.entries()) {
    const label = typeof set === 'string' ? option : `${option}[${i}]`
    if (typeof entry === 'string') await resolvePath(label, entry, shared, result, signal)
    else result.clips.push(memoryClip(entry, label))
  }
  if (result.clips.length === 0 && result.statistics.length === 0) {
    const passed = result.skipped.length
    const beside = passed > 0 ? `, only ${passed} files of other kinds` : ''
    throw new InvalidOptionError(option, `there are no sound files in ${entries[0]}${beside}`)
  }
  result.listed = [...result.clips]
  if (sorted) sortClips(result.clips)
  return result
}

/** By name, where all have one. */
export function sortClips(clips: ClipSource[]): void {
  if (clips.some((clip) => clip.name === undefined)) return
  clips.sort((a, b) => compare(a.name as string, b.name as string))
}

async function resolvePath(
  label: string,
  path: string,
  shared: string,
  result: ResolvedSet,
  signal: AbortSignal | undefined,
): Promise<void> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const absent = error.code === 'ENOENT' || error.code === 'ENOTDIR'
    const problem = absent ? `there is no file or folder ${path}` : `${path}: ${error.message}`
    throw new InvalidOptionError(label, problem)
  })
  if (info.isDirectory()) {
    const found = await walkFolder(path, label, signal)
    for (const name of found.names) result.clips.push(fileClip(join(path, name), name))
    result.skipped.push(...found.skipped)
  } else if (!info.isFile()) {
    throw new InvalidOptionError(label, `${path} is neither a file nor a folder`)
  } else if (/\.safetensors$/i.test(path)) {
    if (result.statistics.some((other) => resolve(other) === resolve(path))) {
      throw new InvalidOptionError(label, `${path} is given twice`)
    }
    result.statistics.push(path)
  } else {
    result.clips.push(fileClip(path, relative(shared, resolve(path)).split(sep).join('/')))
  }
}

/** The deepest folder that all the paths lie in. */
function sharedFolder(paths: string[]): string {
  const folders = paths.map((path) => dirname(resolve(path)).split(sep))
  if (folders.length === 0) return sep
  let depth = folders[0].length
  for (const parts of folders) {
    while (parts.slice(0, depth).join(sep) !== folders[0].slice(0, depth).join(sep)) depth--
  }
  return folders[0].slice(0, depth).join(sep) || sep
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
