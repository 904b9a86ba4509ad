/** Where the files of a run go, decided and checked before the long work. */
import { access, constants, stat } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { checkWritable, makeFolder, outputError } from '../files/write-file.js'
import { clipNames } from './names.js'

export interface Destination {
  /** One path a clip. */
  paths: string[]
  /** The folder to create before the first file is written, if it is one. */
  folder?: string
}

/**
 * One clip goes to `target` itself; several, or an existing folder, into the folder `target`.
 * @throws InvalidOptionError, OutputError
 */
export async function planDestination(
  option: string,
  target: string,
  extension: '.wav' | '.png',
  clips: { prompt: string; name?: string }[],
): Promise<Destination> {
  if (target === '') throw new InvalidOptionError(option, 'is empty')
  const existing = await stat(target).catch(() => undefined)
  const isFolder = existing?.isDirectory() || target.endsWith('/')
  if (clips.length === 1 && !isFolder) {
    const given = extname(target).toLowerCase()
    if (/^\.(mp3|flac|ogg|oga|opus|m4a|aac|aiff?|jpe?g|svg|webp|gif)$/.test(given)) {
      throw new InvalidOptionError(option, `${extension} is what is written, not ${given}`)
    }
    await checkWritable(target)
    return { paths: [target] }
  }
  if (existing && !isFolder) {
    const reason = `${clips.length} clips need a folder, and ${target} is a file`
    throw new InvalidOptionError(option, reason)
  }
  await checkFolder(target)
  const paths = clipNames(clips).map((name) => join(target, name + extension))
  return { paths, folder: target }
}

export async function prepare(destination: Destination): Promise<void> {
  if (destination.folder !== undefined) await makeFolder(destination.folder)
}

/** Whether files can be made in `folder`, or it in the nearest folder that exists. */
async function checkFolder(folder: string): Promise<void> {
  let at = resolve(folder)
  for (;;) {
    const stats = await stat(at).catch(() => undefined)
    if (stats) break
    if (dirname(at) === at) break
    at = dirname(at)
  }
  try {
    await access(at, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw outputError(folder, error)
  }
  await checkWritable(join(at, 'audioldm'))
}
