/** The file that lists a data set's clips, and those that lie beside it. */
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { fileProblem } from '../files/file-problem.js'

/** The longest list that is published, of two million clips, has 100 MB. */
export const maxListBytes = 256 * 2 ** 20
/** JSON is parsed as a whole, which takes many times its size. */
export const maxJsonBytes = 64 * 2 ** 20
export const maxRows = 4_000_000

/** UTF-8 without its mark. A pipe does not block and a device is not read. */
export async function readList(path: string, maxBytes = maxListBytes): Promise<Buffer> {
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new InvalidOptionError('dataset', `cannot read ${path}: ${fileProblem(error)}`)
  }
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw new InvalidOptionError('dataset', `${path} is not a file`)
    if (info.size > maxBytes) {
      const problem = `${path} has ${info.size} bytes, more than ${maxBytes}`
      throw new InvalidOptionError('dataset', problem)
    }
    return withoutMark(path, await handle.readFile())
  } catch (error) {
    if (error instanceof InvalidOptionError) throw error
    throw new InvalidOptionError('dataset', `cannot read ${path}: ${fileProblem(error)}`)
  } finally {
    await handle.close()
  }
}

function withoutMark(path: string, bytes: Buffer): Buffer {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3)
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (utf16) throw new InvalidOptionError('dataset', `${path} is UTF-16`, 'save it as UTF-8')
  return bytes
}

/** The first of `names` that is in `folder`; `what` and `hint` say what is wrong where none is. */
export async function findList(
  folder: string,
  names: readonly string[],
  what: string,
  hint: string,
): Promise<string> {
  await requireFolder(folder)
  for (const name of names) if (await exists(join(folder, name))) return name
  const problem = `${folder} is not ${what}: there is no ${names.join(' or ')} in it`
  throw new InvalidOptionError('dataset', problem, hint)
}

export async function requireFolder(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined)
  if (info?.isDirectory()) return
  const problem = info ? `${path} is not a folder` : `there is no folder ${path}`
  throw new InvalidOptionError('dataset', problem)
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

export function checkRows(path: string, rows: number): void {
  if (rows <= maxRows) return
  throw new InvalidOptionError('dataset', `${path} has more than ${maxRows} rows`)
}
