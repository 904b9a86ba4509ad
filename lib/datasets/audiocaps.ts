/** AudioCaps: 10 s clips of AudioSet with captions, one in `train`, five in `val` and `test`. */
import { join } from 'node:path'
import { z } from 'zod'
import { expecting, parseOptions } from '../options.js'
import { readJsonList } from './audiocaps-json.js'
import { tidy } from './captions.js'
import { ClipList } from './clip-list.js'
import type { Dataset, LoadedDataset } from './dataset.js'
import { datasetFolder } from './folder-option.js'
import { findList } from './list-file.js'
import { safeFile } from './listed-file.js'
import { tableRows } from './table.js'
import { isYouTubeId, YouTubeFiles } from './youtube-files.js'

export const audioCapsSplits = ['train', 'val', 'test'] as const

export interface AudioCapsOptions {
  /** 'train', 'val' or 'test'. Default: 'train'. */
  split?: (typeof audioCapsSplits)[number]
  /** The list instead of that of the split, .csv or .json, relative to the folder. */
  list?: string
}

const listForm = 'the path of a .csv or .json file within the folder'
const schema = z
  .strictObject({
    split: z.enum(audioCapsSplits, expecting(`one of ${audioCapsSplits.join(', ')}`)).optional(),
    list: z
      .string(expecting(listForm))
      .regex(/\.(csv|json)$/i, expecting(listForm))
      .refine((name) => 'file' in safeFile(name), expecting(listForm))
      .optional(),
  })
  .refine(({ split, list }) => split === undefined || list === undefined, {
    path: ['list'],
    error: 'is given together with split: it takes its place',
  })

const hint =
  'give the folder that has the lists, or dataset/ with them, and the sounds in it; ' +
  'or name the list with the option list'

/** `folder`: with dataset/train.csv or train.csv … and the sounds anywhere in it. */
export function audioCaps(folder: string, options: AudioCapsOptions = {}): Dataset {
  const path = datasetFolder(folder)
  const { split = 'train', list } = parseOptions(schema, options)
  const names = list === undefined ? audioCapsLists(split) : [list]
  return {
    name: 'audiocaps',
    path,
    ...(list === undefined ? { split } : { list }),
    load: (signal) => load(path, names, signal),
  }
}

export function audioCapsLists(split: string): string[] {
  return [`dataset/${split}.csv`, `${split}.csv`, `${split}.json`]
}

async function load(
  folder: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  const list = await findList(folder, names, 'AudioCaps', hint)
  const files = await YouTubeFiles.find(folder, signal)
  const clips = new ClipList(folder, list)
  if (/\.json$/i.test(list)) await readJsonList(folder, list, files, clips)
  else await readCsv(join(folder, list), files, clips, signal)
  return await clips.load(signal, true)
}

async function readCsv(
  path: string,
  files: YouTubeFiles,
  clips: ClipList,
  signal?: AbortSignal,
): Promise<void> {
  const absent = new Map<string, string[]>()
  for await (const row of tableRows(path, ['youtube_id', 'start_time', 'caption'], clips, signal)) {
    const [youtubeId, time] = [row.get('youtube_id'), row.get('start_time')]
    const caption = tidy(row.get('caption'))
    const start = /^\d+(\.\d+)?$/.test(time) ? Number(time) : Number.NaN
    const id = `${youtubeId}_${start}`
    const found = clips.get(id)
    if (!isYouTubeId(youtubeId)) clips.reject(row.line, `the youtube_id is '${youtubeId}'`)
    else if (!Number.isFinite(start)) clips.reject(row.line, `the start_time is '${time}'`)
    else if (caption === '') clips.reject(row.line, 'has no caption')
    else if (found) found.captions.push(caption)
    else if (absent.has(id)) absent.get(id)?.push(caption)
    else {
      const result = files.file(youtubeId, start)
      if ('file' in result) {
        clips.add(row.line, { id, file: result.file, captions: [caption], labels: [] })
      } else {
        const captions = [caption]
        absent.set(id, captions)
        clips.missing(id, result.reason, { id, captions, labels: [] })
      }
    }
  }
}
