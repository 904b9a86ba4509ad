/** The libtorch versions in the user's cache: a folder each, whole or not there. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InvalidOptionError, LibtorchInstallError } from '../errors.js'
import { lockFile } from '../files/file-lock.js'
import { list, readText } from '../files/look.js'
import { makeFolder, outputError } from '../files/write-file.js'
import { findLibtorch, userCache } from '../native/libtorch.js'

export interface InstalledLibtorch {
  /** Such as '2.13.0+cpu': the name of its folder, and what `remove` takes. */
  version: string
  cuda: boolean
  /** The folder, as the option `libtorchPath` takes it. */
  path: string
  bytes: number
  /** What it was installed from; empty where it was not installed by this package. */
  archives: { from: string; sha256: string; bytes: number }[]
}

/** What an installation says about itself. */
export const recordFile = 'installed.json'
const recordSchema = z.object({
  archives: z.array(z.object({ from: z.string(), sha256: z.string(), bytes: z.number() })),
})

/** Where the loader looks. */
export function libtorchDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(userCache(env), 'libtorch')
}

/** Downloads that are not whole yet; hidden from the loader, as is all that begins with a dot. */
export function downloadsDir(dir: string): string {
  return join(dir, '.downloads')
}

/** What was cut off and waits to be continued: path and size of each. */
export async function unfinishedDownloads(
  dir = libtorchDir(),
): Promise<{ path: string; bytes: number }[]> {
  const parts = list(downloadsDir(dir)).filter((name) => name.endsWith('.part'))
  const paths = parts.map((name) => join(downloadsDir(dir), name))
  return Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })))
}

export async function listInstalled(dir = libtorchDir()): Promise<InstalledLibtorch[]> {
  const names = list(dir).filter((name) => !name.startsWith('.'))
  const found = await Promise.all(names.sort().map((name) => describe(dir, name)))
  return found.filter((each) => each !== undefined)
}

async function describe(dir: string, version: string): Promise<InstalledLibtorch | undefined> {
  const path = join(dir, version)
  try {
    const { cuda } = findLibtorch({ libtorchPath: path })
    return { version, cuda, path, bytes: await bytesIn(path), archives: readRecord(path) }
  } catch {
    return undefined
  }
}

function readRecord(path: string): InstalledLibtorch['archives'] {
  try {
    return recordSchema.parse(JSON.parse(readText(join(path, recordFile)))).archives
  } catch {
    return []
  }
}

async function bytesIn(folder: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size
  }
  return sum
}

/** @throws InvalidOptionError, LibtorchInstallError LIBTORCH_BUSY, OutputError */
export async function removeInstalled(
  version: string,
  dir = libtorchDir(),
): Promise<InstalledLibtorch> {
  const installed = await listInstalled(dir)
  const found = installed.find((each) => each.version === version)
  if (!found) {
    const names = installed.map((each) => each.version).join(', ') || 'none'
    throw new InvalidOptionError('version', `libtorch ${version} is not in ${dir}; there: ${names}`)
  }
  const unlock = await lockStore(dir)
  try {
    const gone = hiddenName(dir, 'removed')
    await rename(found.path, gone).catch((error) => {
      throw outputError(found.path, error)
    })
    await sweep(dir)
  } finally {
    await unlock()
  }
  return found
}

/** A name in `dir` that nobody else has and the loader does not see. */
export function hiddenName(dir: string, purpose: 'install' | 'removed'): string {
  return join(dir, `.${purpose}-${process.pid}-${randomBytes(4).toString('hex')}`)
}

/** Removes what installations and removals that were killed left. Only under the lock. */
export async function sweep(dir: string): Promise<void> {
  for (const name of list(dir)) {
    if (!/^\.(install|removed)-/.test(name)) continue
    await rm(join(dir, name), { recursive: true, force: true }).catch((error) => {
      throw outputError(join(dir, name), error)
    })
  }
}

/**
 * Keeps other processes from installing or removing meanwhile; returns what releases it.
 * @throws LibtorchInstallError LIBTORCH_BUSY, OutputError
 */
export async function lockStore(dir: string): Promise<() => Promise<void>> {
  await makeFolder(dir)
  const path = join(dir, '.lock')
  const lock = await lockFile(path)
  if ('release' in lock) return lock.release
  throw new LibtorchInstallError(
    'LIBTORCH_BUSY',
    `libtorch is being installed or removed in ${dir} by ${lock.holder}`,
    { hint: `wait for it; if there is no such process, remove ${path}` },
  )
}

export function isInstalled(dir: string, version: string): boolean {
  return existsSync(join(dir, version))
}
