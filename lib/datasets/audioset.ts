/** AudioSet: 10 s clips of YouTube with one or more of 527 labels. */
import { join } from 'node:path'
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { expecting, parseOptions } from '../options.js'
import { findLabelNames, listFolders } from './audioset-labels.js'
import { captionOf, templateOption } from './captions.js'
import { ClipList } from './clip-list.js'
import { csvRows } from './csv.js'
import type { Dataset, LoadedDataset } from './dataset.js'
import { datasetFolder } from './folder-option.js'
import { checkRows, findList, readList } from './list-file.js'
import { rowProblem } from './table.js'
import { isYouTubeId, YouTubeFiles } from './youtube-files.js'

export const audioSetSplits = ['balanced_train', 'eval', 'unbalanced_train'] as const

export interface AudioSetOptions {
  /** 'balanced_train', 'eval' or 'unbalanced_train'. Default: 'balanced_train'. */
  split?: (typeof audioSetSplits)[number]
  /** What labels become as captions. Default: 'This is a sound of {label}.' */
  template?: string
}

const schema = z.strictObject({
  split: z
    .enum(audioSetSplits, expecting(`one of ${audioSetSplits.join(', ')}`))
    .default('balanced_train'),
  template: templateOption,
})

const hint =
  'give the folder that has the lists, or metadata/ with them, and the sounds in it: ' +
  'balanced_train_segments.csv, class_labels_indices.csv and files named by YouTube ids'

/** `folder`: with the lists of segments and labels, and the sounds anywhere in it. */
export function audioSet(folder: string, options: AudioSetOptions = {}): Dataset {
  const path = datasetFolder(folder)
  const { split, template } = parseOptions(schema, options)
  return {
    name: 'audioset',
    path,
    template,
    split,
    load: (signal) => load(path, split, template, signal),
  }
}

export function audioSetLists(split: string): string[] {
  return listFolders.map((beside) => `${beside}${split}_segments.csv`)
}

async function load(
  folder: string,
  split: string,
  template: string,
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  const list = await findList(folder, audioSetLists(split), 'AudioSet', hint)
  const names = await findLabelNames(folder, signal)
  if (names.size === 0) {
    const problem = `there is no class_labels_indices.csv in ${folder}, which names the labels`
    throw new InvalidOptionError('dataset', problem, hint)
  }
  const files = await YouTubeFiles.find(folder, signal)
  const clips = new ClipList(folder, list)
  const path = join(folder, list)
  let rows = 0
  const options = { comments: true, signal }
  for await (const { line, cells, reason } of csvRows(await readList(path), options)) {
    checkRows(path, ++rows)
    const problem = reason ?? addRow(line, cells ?? [], template, names, files, clips)
    if (problem !== undefined) clips.reject(line, problem)
  }
  return await clips.load(signal, true)
}

/** YTID, start, end and labels; the first lines, which name these, are comments. */
function addRow(
  line: number,
  cells: string[],
  template: string,
  names: Map<string, string>,
  files: YouTubeFiles,
  clips: ClipList,
): string | undefined {
  const problem = rowProblem(cells, 4)
  if (problem !== undefined) return problem
  const [youtubeId, from, , mids] = cells
  if (!isYouTubeId(youtubeId)) return `the YTID is '${youtubeId}'`
  if (!/^\d+(\.\d+)?$/.test(from)) return `the start is '${from}'`
  const labels: string[] = []
  for (const mid of new Set(mids.split(',').map((each) => each.trim()))) {
    const name = names.get(mid)
    if (!name) return mids === '' ? 'has no labels' : `has the unknown label '${mid}'`
    labels.push(name)
  }
  const id = `${youtubeId}_${Number(from)}`
  const clip = { id, captions: [captionOf(labels, template)], labels }
  const found = files.file(youtubeId, Number(from))
  if ('reason' in found) clips.missing(id, found.reason, clip)
  else clips.add(line, { ...clip, file: found.file })
  return undefined
}
