/** The names of AudioSet's labels: class_labels_indices.csv. */
import { join } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { tidy } from './captions.js'
import { exists } from './list-file.js'
import { tableRows } from './table.js'

/** Where the lists lie, as published or as people put them. */
export const listFolders = ['', 'metadata/', 'meta/', 'csv/']

/** Display names by mid; empty where the folder has no such table. */
export async function findLabelNames(
  folder: string,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  for (const beside of listFolders) {
    const path = join(folder, `${beside}class_labels_indices.csv`)
    if (!(await exists(path))) continue
    const reject = (line: number, reason: string): never => {
      throw new InvalidOptionError('dataset', `${path}:${line} ${reason}`)
    }
    for await (const row of tableRows(path, ['mid', 'display_name'], { reject }, signal)) {
      names.set(row.get('mid'), tidy(row.get('display_name')))
    }
    return names
  }
  return names
}
