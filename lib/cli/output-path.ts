/** Paths of files to write, as every command takes them: checked first, their folders made. */
import { access, constants, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { checkWritable, makeFolder, outputError } from '../files/write-file.js'

/** What stands for stdout in `generate --out`, and would be a mistake anywhere else. */
export const stdoutPath = '-'

/** A parser for commander: a path, which is neither empty nor `-`. */
export function outputPath(option: string): (text: string) => string {
  return (text) => {
    if (text === '') throw new InvalidOptionError(option, 'is empty')
    if (text !== stdoutPath) return text
    const message = 'cannot be -: only the sound of generate --out goes to stdout'
    throw new InvalidOptionError(option, message, 'Give a path; a file of that name is ./-')
  }
}

/**
 * Tells before the long work whether the file `path` can be written, in a folder that may have to
 * be made.
 * @throws OutputError
 */
export async function checkOutput(path: string): Promise<void> {
  const folder = dirname(path)
  if (await stat(folder).catch(() => undefined)) await checkWritable(path)
  else await checkFolder(folder)
}

/** The same of files in `folder`. */
export async function checkFolder(folder: string): Promise<void> {
  let at = resolve(folder)
  try {
    for (;;) {
      const stats = await stat(at).catch(() => undefined)
      if (stats && !stats.isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
      if (stats || dirname(at) === at) break
      at = dirname(at)
    }
    await access(at, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw outputError(folder, error)
  }
  await checkWritable(join(at, 'audioldm'))
}

/** Does `work` with the folders of `paths` made; where it fails, those that are empty go again. */
export async function inFoldersOf<T>(
  paths: (string | undefined)[],
  work: () => Promise<T>,
): Promise<T> {
  const made: { folder: string; first: string }[] = []
  try {
    for (const path of paths) {
      if (path === undefined) continue
      const folder = dirname(resolve(path))
      const first = await makeFolder(folder)
      if (first !== undefined) made.push({ folder, first })
    }
    return await work()
  } catch (error) {
    for (const { folder, first } of made.reverse()) await removeEmpty(folder, first)
    throw error
  }
}

/** Removes `folder` and what is above it, up to `first`, as far as they are empty. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  try {
    for (let at = folder; at.length >= first.length; at = dirname(at)) await rmdir(at)
  } catch {
    // It holds something, and so do those above.
  }
}
