/** Text that a user wrote: prompts, lists. */
import { readFile, stat } from 'node:fs/promises'
import { InvalidOptionError } from '../errors.js'
import { fileProblem } from './file-problem.js'

const largestFile = 64 * 2 ** 20

/** UTF-8, without a byte order mark. @throws InvalidOptionError naming `option` and the file. */
export async function readTextFile(option: string, path: string): Promise<string> {
  const refuse = (reason: string) =>
    new InvalidOptionError(option, `cannot read ${path}: ${reason}`)
  let bytes: Buffer
  try {
    const info = await stat(path)
    if (!info.isFile()) throw refuse(info.isDirectory() ? 'it is a folder' : 'it is no file')
    if (info.size > largestFile) throw refuse('it is larger than 64 MB')
    bytes = await readFile(path)
  } catch (error) {
    throw error instanceof InvalidOptionError ? error : refuse(fileProblem(error))
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('it is not UTF-8 text')
  }
}
