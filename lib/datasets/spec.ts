/** Data sets as the command line names them: esc50:ESC-50-master?folds=1,2 */
import { InvalidOptionError } from '../errors.js'
import { audioCaps } from './audiocaps.js'
import { audioSet } from './audioset.js'
import type { Dataset, DatasetName } from './dataset.js'
import { esc50 } from './esc50.js'
import { specifiedFolder } from './folder.js'
import { urbanSound8K } from './urbansound8k.js'

type Options = Record<string, unknown>

/** The functions check what they get. */
const kinds: Record<DatasetName, (folder: string, options: Options) => Dataset> = {
  esc50,
  urbansound8k: urbanSound8K,
  audiocaps: audioCaps,
  audioset: audioSet,
  folder: specifiedFolder,
}

const hint = 'such as esc50:DIR, urbansound8k:DIR, audiocaps:DIR, audioset:DIR or folder:DIR'

/**
 * `<name>:<folder>`, and behind the first '?' options as in the query of an address, such as
 * `esc50:DIR?folds=1,2&template=A%20{label}`: blanks may be written as they are or as '+'.
 */
export function parseDatasetSpec(spec: string): Dataset {
  const [, name, folder, query = ''] = /^([a-z0-9]+):([^?]+)(?:\?(.*))?$/s.exec(spec) ?? []
  if (name === undefined) {
    throw new InvalidOptionError('dataset', `expected the kind and the folder, got '${spec}'`, hint)
  }
  if (!Object.hasOwn(kinds, name)) {
    throw new InvalidOptionError('dataset', `there is no kind of data set named '${name}'`, hint)
  }
  return kinds[name as DatasetName](folder, parseQuery(query))
}

function parseQuery(query: string): Options {
  const options: Options = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in options) throw new InvalidOptionError(name, 'is given twice')
    options[name] = Object.hasOwn(read, name) ? read[name](value) : value
  }
  return { ...options }
}

/** What options are that are no text. What cannot be such reaches the check as it was typed. */
const read: Record<string, (text: string) => unknown> = {
  folds: (text) => text.split(',').map(wholeNumber),
  absolute: (text) => (text === 'true' || text === 'false' ? text === 'true' : text),
}

function wholeNumber(text: string): number | string {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : text
}
