/** UrbanSound8K: 8732 clips of at most 4 s in 10 classes and 10 folds. */
import { join } from 'node:path'
import { captionOf, words } from './captions.js'
import { ClipList } from './clip-list.js'
import type { Dataset, LoadedDataset } from './dataset.js'
import { type FoldedDatasetOptions, type FoldFilter, foldedDataset, foldOf } from './folds.js'
import { findList } from './list-file.js'
import { safeFile } from './listed-file.js'
import { type TableRow, tableRows } from './table.js'

const list = 'metadata/UrbanSound8K.csv'
const hint = 'give the folder that has audio/ and metadata/ in it, UrbanSound8K as published'

/** By their classID. */
const classes = [
  'air_conditioner',
  'car_horn',
  'children_playing',
  'dog_bark',
  'drilling',
  'engine_idling',
  'gun_shot',
  'jackhammer',
  'siren',
  'street_music',
]

/** `folder`: with audio/fold1 … fold10 and metadata/UrbanSound8K.csv in it. */
export function urbanSound8K(folder: string, options: FoldedDatasetOptions = {}): Dataset {
  return foldedDataset('urbansound8k', folder, options, load)
}

async function load(
  folder: string,
  template: string,
  folds: FoldFilter,
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  const file = await findList(folder, [list], 'UrbanSound8K', hint)
  const clips = new ClipList(folder, file)
  const columns = ['slice_file_name', 'fold', 'classID', 'class']
  for await (const row of tableRows(join(folder, file), columns, clips, signal)) {
    const name = safeFile(row.get('slice_file_name'))
    const fold = foldOf(row.get('fold'))
    const label = classOf(row)
    if ('reason' in name) clips.reject(row.line, name.reason)
    else if (fold === undefined) clips.reject(row.line, `the fold is '${row.get('fold')}'`)
    else if ('reason' in label) clips.reject(row.line, label.reason)
    else if (folds.takes(fold)) {
      const labels = [words(label.name)]
      const captions = [captionOf(labels, template)]
      const clip = { file: `audio/fold${fold}/${name.file}`, captions, labels, fold }
      clips.add(row.line, { id: name.file, ...clip })
    }
  }
  folds.finish(join(folder, file))
  return await clips.load(signal)
}

/** The name, or that of the number where there is no name; a row where they differ is wrong. */
function classOf(row: TableRow): { name: string } | { reason: string } {
  const [id, name] = [row.get('classid'), row.get('class')]
  const byId = /^\d$/.test(id) ? classes[Number(id)] : undefined
  if (name === '') return byId ? { name: byId } : { reason: 'has no class' }
  if (byId && byId !== name && classes.includes(name)) {
    return { reason: `the class is ${name}, its number ${id} is ${byId}` }
  }
  return { name }
}
