/** Writing into the hub cache: links of a snapshot, the lock of a pull, the space it needs. */
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { HubError } from '../errors.js'
import { lockFile } from '../files/file-lock.js'
import { requireSpace } from '../files/free-space.js'
import { outputError } from '../files/write-file.js'
import type { RepoFile } from './select.js'

/** Makes `link` a relative symbolic link to `target`, replacing what is there. */
export async function linkInto(target: string, link: string): Promise<void> {
  const temporary = `${link}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
  try {
    await mkdir(dirname(link), { recursive: true })
    await symlink(relative(dirname(link), target), temporary)
    await rename(temporary, link)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw outputError(link, error)
  }
}

/** @throws OutputError when the disk cannot take what is still missing of `files`. */
export async function checkSpace(blobsDir: string, files: RepoFile[]): Promise<void> {
  let missing = 0
  for (const file of files) {
    const blob = join(blobsDir, file.etag)
    const here = (await sizeOf(blob)) ?? (await sizeOf(`${blob}.incomplete`)) ?? 0
    missing += Math.max(0, file.size - here)
  }
  const hint = 'free some space, or set HF_HUB_CACHE to a folder on another disk'
  await requireSpace(blobsDir, missing, 'downloaded', hint)
}

/**
 * Keeps other processes from pulling the same model into the same cache; returns what releases it.
 * @throws HubError when another process holds it
 */
export async function lockRepo(repo: string, id: string): Promise<() => Promise<void>> {
  const path = join(dirname(repo), '.locks', basename(repo), 'pull.lock')
  await mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw outputError(path, error)
  })
  const lock = await lockFile(path)
  if ('release' in lock) return lock.release
  throw new HubError('HUB_DOWNLOAD_FAILED', `${id} is being pulled by ${lock.holder}`, {
    hint: `wait for it; if there is no such process, remove ${path}`,
  })
}

export async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (stats) => stats.size,
    () => undefined,
  )
}
