/** Sets of sounds as arguments. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { InvalidOptionError } from '../errors.js'

const maxListBytes = 256 << 20

/**
 * A folder, a sound file or saved statistics as they are; a `.txt` file as the paths in it, one a
 * line, which start at the folder of the list.
 */
export async function audioArgument(name: string, given: string): Promise<string | string[]> {
  if (!/\.txt$/i.test(given)) return given
  const info = await stat(given).catch(() => undefined)
  if (info === undefined) throw new InvalidOptionError(name, `there is no file ${given}`)
  if (!info.isFile()) return given
  if (info.size > maxListBytes) throw new InvalidOptionError(name, `${given} is too long a list`)
  const lines = (await readFile(given, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/)
  const paths = lines.filter((line) => line.trim() !== '')
  if (paths.length === 0) throw new InvalidOptionError(name, `the list ${given} is empty`)
  return paths.map((path) => resolve(dirname(given), path))
}
