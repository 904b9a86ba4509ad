/** Where the files of a run go, decided and checked before the long work. */
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkExtension } from '../audio/sound-file.js'
import { InvalidOptionError } from '../errors.js'
import { makeFolder } from '../files/write-file.js'
import { clipNames } from './names.js'
import { checkFolder, checkOutput, stdoutPath } from './output-path.js'

export interface Destination {
  /** One a clip. */
  paths: string[]
  /** The folder to create before the first file is written; none for stdout. */
  folder?: string
  /** Whether the files have names of ours, in a folder that was given. */
  inFolder: boolean
}

/**
 * One clip goes to `target` itself; several, or an existing folder, into the folder `target`, with the
 * first of `extensions`.
 * @throws InvalidOptionError, OutputError
 */
export async function planDestination(
  option: string,
  target: string,
  extensions: readonly string[],
  clips: { prompt: string; name?: string }[],
): Promise<Destination> {
  if (target === '') throw new InvalidOptionError(option, 'is empty')
  if (target === stdoutPath) return { paths: [target], inFolder: false }
  const existing = await stat(target).catch(() => undefined)
  const isFolder = existing?.isDirectory() || target.endsWith('/')
  if (clips.length === 1 && !isFolder) {
    checkExtension(option, target, extensions)
    await checkOutput(target)
    return { paths: [target], folder: dirname(target), inFolder: false }
  }
  if (existing && !isFolder) {
    const reason = `${clips.length} clips need a folder, and ${target} is a file`
    throw new InvalidOptionError(option, reason)
  }
  await checkFolder(target)
  const paths = clipNames(clips).map((name) => join(target, name + extensions[0]))
  return { paths, folder: target, inFolder: true }
}

export async function prepare({ folder }: Destination): Promise<void> {
  if (folder !== undefined) await makeFolder(folder)
}
