/** The folder that every data set begins with. */
import { resolve } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'

/** @throws InvalidOptionError when it cannot be a path. */
export function datasetFolder(folder: unknown): string {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
    throw new InvalidOptionError('dataset', `expected the path of a folder, got ${show(folder)}`)
  }
  return resolve(folder)
}
