/** The record of what a folder is made from, by which an interrupted run is known and goes on. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import { makeFolder, outputError, writeFileAtomic } from '../files/write-file.js'

export interface RunRecord {
  clips: number
  /** As text: it may have more digits than a number. */
  seed: string
  seconds: number
  classes: string[]
}

const recordFile = 'synthesis.json'
/** Counts up when the same options give other sounds or captions. */
const version = 1

/**
 * Makes the folder, or finds it empty or begun with the same options.
 * @throws InvalidOptionError where it has anything else in it.
 */
export async function beginRun(folder: string, options: RunRecord): Promise<void> {
  const record = { version, ...options }
  await makeFolder(folder)
  const names = await readdir(folder).catch((error) => {
    throw outputError(folder, error)
  })
  if (names.length > 0) {
    const found = await readRecord(join(folder, recordFile))
    if (canonicalJson(found) === canonicalJson(record)) return
    throw new InvalidOptionError(
      'outputDir',
      found === undefined
        ? `${folder} is not empty`
        : `${folder} has a data set made with other options`,
      'name a new folder, or give the options with which this one was begun, to go on',
    )
  }
  await writeFileAtomic(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`)
}

async function readRecord(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}
