/** The files below a folder, links followed, loops not. */
import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { AbortError, InvalidOptionError } from '../errors.js'

export interface Skipped {
  path: string
  reason: string
}

export interface FoundFiles {
  /** Relative to the folder, with '/'; sorted by code units. */
  names: string[]
  skipped: Skipped[]
}

const maxDepth = 64
const maxFiles = 10_000_000

/** What lies beside sounds in data sets and is none; anything else is tried. */
const otherKinds = new Set(
  (
    '.json .jsonl .csv .tsv .txt .md .html .xml .yaml .yml .toml .pdf .log .py .sh .png .jpg .jpeg ' +
    '.gif .svg .webp .npy .npz .pkl .pickle .pt .pth .ckpt .h5 .hdf5 .lmdb .db .safetensors .zip .tar ' +
    '.gz .bz2 .xz .7z .mid .midi .lab .textgrid .srt .vtt'
  ).split(' '),
)

/** Hidden files and folders are passed over; other kinds of files are reported as skipped. */
export async function walkFolder(
  folder: string,
  option: string,
  signal?: AbortSignal,
): Promise<FoundFiles> {
  const found: FoundFiles = { names: [], skipped: [] }
  const visited = new Set<string>()
  const enter = async (relative: string, depth: number): Promise<void> => {
    if (signal?.aborted) throw new AbortError(signal.reason)
    const path = join(folder, relative)
    const real = await realpath(path)
    if (visited.has(real) || depth > maxDepth) {
      const reason = depth > maxDepth ? `more than ${maxDepth} folders deep` : 'read already'
      found.skipped.push({ path, reason: `a folder ${reason}` })
      return
    }
    visited.add(real)
    const entries = await readdir(path, { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`
      const kind = await kindOf(join(folder, name), entry)
      if (kind === 'folder') await enter(name, depth + 1)
      else if (kind === 'file') found.names.push(name)
      else found.skipped.push({ path: join(folder, name), reason: kind })
    }
    if (found.names.length > maxFiles) {
      throw new InvalidOptionError(option, `${folder} has more than ${maxFiles} files`)
    }
  }
  await enter('', 0)
  found.names.sort()
  return found
}

/** 'file', 'folder', or why it is neither. */
async function kindOf(path: string, entry: Dirent): Promise<string> {
  const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry
  if (target === undefined) return 'a link to nothing'
  if (target.isDirectory()) return 'folder'
  if (!target.isFile()) return 'not a regular file'
  const extension = extname(path).toLowerCase()
  return otherKinds.has(extension) ? `not a sound file (${extension})` : 'file'
}
