/** ESC-50: 2000 clips of 5 s in 50 classes and 5 folds. */
import { join } from 'node:path'
import { captionOf, words } from './captions.js'
import { ClipList } from './clip-list.js'
import type { Dataset, LoadedDataset } from './dataset.js'
import { type FoldedDatasetOptions, type FoldFilter, foldedDataset, foldOf } from './folds.js'
import { findList } from './list-file.js'
import { safeFile } from './listed-file.js'
import { tableRows } from './table.js'

const list = 'meta/esc50.csv'
const hint = 'give the folder that has audio/ and meta/ in it, ESC-50-master as published'

/** `folder`: with audio/ and meta/esc50.csv in it. */
export function esc50(folder: string, options: FoldedDatasetOptions = {}): Dataset {
  return foldedDataset('esc50', folder, options, load)
}

async function load(
  folder: string,
  template: string,
  folds: FoldFilter,
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  const file = await findList(folder, [list], 'ESC-50', hint)
  const clips = new ClipList(folder, file)
  const columns = ['filename', 'fold', 'category']
  for await (const row of tableRows(join(folder, file), columns, clips, signal)) {
    const name = safeFile(row.get('filename'))
    const fold = foldOf(row.get('fold'))
    const label = words(row.get('category'))
    if ('reason' in name) clips.reject(row.line, name.reason)
    else if (fold === undefined) clips.reject(row.line, `the fold is '${row.get('fold')}'`)
    else if (label === '') clips.reject(row.line, 'has no category')
    else if (folds.takes(fold)) {
      const captions = [captionOf([label], template)]
      const clip = { id: name.file, file: `audio/${name.file}`, captions, labels: [label], fold }
      clips.add(row.line, clip)
    }
  }
  folds.finish(join(folder, file))
  return await clips.load(signal)
}
