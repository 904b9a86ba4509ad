/** Which data set a folder is, by the lists that are in it. */
import { join } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { audioCaps, audioCapsLists, audioCapsSplits } from './audiocaps.js'
import { audioSet, audioSetLists, audioSetSplits } from './audioset.js'
import type { Dataset } from './dataset.js'
import { esc50 } from './esc50.js'
import { captionLists, specifiedFolder } from './folder.js'
import { datasetFolder } from './folder-option.js'
import { exists, requireFolder } from './list-file.js'
import { urbanSound8K } from './urbansound8k.js'

/** Of data sets in several splits, the first that is there. */
export async function detectDataset(folder: string): Promise<Dataset> {
  const path = datasetFolder(folder)
  await requireFolder(path)
  const there = async (names: readonly string[]) => {
    for (const name of names) if (await exists(join(path, name))) return true
    return false
  }
  if (await there(['meta/esc50.csv'])) return esc50(path)
  if (await there(['metadata/UrbanSound8K.csv'])) return urbanSound8K(path)
  for (const split of audioSetSplits) {
    if (await there(audioSetLists(split))) return audioSet(path, { split })
  }
  for (const split of audioCapsSplits) {
    if (await there(audioCapsLists(split))) return audioCaps(path, { split })
  }
  if (await there(captionLists)) return specifiedFolder(path)
  throw new InvalidOptionError(
    'dataset',
    `${path} has none of the lists by which data sets are known`,
    'say what it is, such as esc50:DIR, or write captions.csv with the columns file and caption',
  )
}
