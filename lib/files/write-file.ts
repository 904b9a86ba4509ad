/** Result files appear whole or not at all: written beside, flushed, renamed. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { OutputError } from '../errors.js'

/**
 * Writes `bytes` to `path`, replacing a file that is there. The folder must exist.
 * @throws OutputError naming path and remedy; then `path` is as it was and nothing is left beside it.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = temporaryBeside(path)
  let file: FileHandle | undefined
  try {
    if (await isSpecial(path)) return await writeFile(path, bytes)
    file = await open(temporary, 'wx', 0o666)
    await file.writeFile(bytes)
    await file.sync()
    await file.close()
    file = undefined
    await rename(temporary, path)
  } catch (error) {
    await file?.close().catch(() => {})
    await rm(temporary, { force: true }).catch(() => {})
    throw outputError(path, error)
  }
}

/** Creates `folder` with its parents, and gives the first of them that was not there. */
export async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true })
  } catch (error) {
    const unclear = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw outputError(folder, unclear ? await reasonOf(folder, error) : error)
  }
}

/** Where several folders are to be made, Node has ENOENT for whatever keeps it from the first. */
async function reasonOf(folder: string, unclear: unknown): Promise<unknown> {
  let first = resolve(folder)
  while (dirname(first) !== first && !existsSync(dirname(first))) first = dirname(first)
  return mkdir(first).then(
    () => unclear,
    (error) => error,
  )
}

/**
 * Tells before hours of work whether writing `path` can succeed, by creating and removing an empty
 * file beside it.
 * @throws OutputError as writeFileAtomic would.
 */
export async function checkWritable(path: string): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    if (await isSpecial(path)) return
    await (await open(temporary, 'wx', 0o666)).close()
    await rm(temporary)
  } catch (error) {
    throw outputError(path, error)
  }
}

/** A hidden name in the same folder, hence on the same file system, that no other process uses. */
function temporaryBeside(path: string): string {
  const full = resolve(path)
  const name = basename(full).slice(0, 100)
  return join(dirname(full), `.${name}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`)
}

/** Whether `path` is a device or pipe, such as /dev/stdout, which is written to and not replaced. */
async function isSpecial(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isDirectory()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' })
  return stats !== undefined && !stats.isFile()
}

const reasons: Record<string, [problem: string, hint: string]> = {
  ENOSPC: ['the disk is full', 'free some space or write to another disk'],
  EFBIG: ['the file would exceed the size limit', 'raise the limit or write less'],
  EDQUOT: ['the disk quota is used up', 'free some space or write to another disk'],
  EACCES: ['permission denied', 'choose a folder you may write to'],
  EPERM: ['permission denied', 'choose a folder you may write to'],
  EROFS: ['the file system is read-only', 'choose a folder on another file system'],
  ENOENT: ['its folder does not exist', 'create the folder first'],
  ENOTDIR: ['a part of its path is a file, not a folder', 'choose another path'],
  EISDIR: ['it is a folder', 'give the name of a file'],
  EEXIST: ['a file of that name is in the way', 'choose another path'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter name'],
  EIO: ['the device reported an error', 'write to another disk'],
}

export function outputError(path: string, error: unknown): OutputError {
  if (error instanceof OutputError) return error
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  const [problem, hint] = reasons[code] ?? [String((error as Error)?.message ?? error), undefined]
  const known = code in reasons ? ` (${code})` : ''
  return new OutputError(`cannot write ${path}: ${problem}${known}`, { hint, cause: error })
}
