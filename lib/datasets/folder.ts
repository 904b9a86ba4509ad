/** A folder of sounds with a file that says what is heard in each. */
import { join } from 'node:path'
import { z } from 'zod'
import { expecting, parseOptions } from '../options.js'
import { captionOf, templateOption, tidy, words } from './captions.js'
import { ClipList, type ListedClip } from './clip-list.js'
import type { Dataset, LoadedDataset } from './dataset.js'
import { type FolderEntry, jsonEntries, tableEntries } from './folder-entries.js'
import { datasetFolder } from './folder-option.js'
import { findList } from './list-file.js'
import { type AbsolutePaths, safeFile } from './listed-file.js'

export interface CaptionedFolderOptions {
  /** The file with the captions, .csv, .jsonl or JSON Lines in .json, relative to the folder. */
  captions?: string
  /** What labels become where there is no caption. Default: 'This is a sound of {label}.' */
  template?: string
  /** Whether the list may name files by absolute paths, anywhere on the machine. Default: false. */
  absolute?: boolean
}

const listForm = 'the path of a .csv, .jsonl or .json file within the folder'
const schema = z.strictObject({
  captions: z
    .string(expecting(listForm))
    .regex(/\.(csv|jsonl|ndjson|json)$/i, expecting(listForm))
    .refine((name) => 'file' in safeFile(name), expecting(listForm))
    .optional(),
  template: templateOption,
  absolute: z.boolean(expecting('true or false')).default(false),
})

/** What a folder's captions are called where they are not named. */
export const captionLists = ['captions.csv', 'captions.jsonl', 'metadata.csv', 'metadata.jsonl']

const hint = 'write captions.csv with the columns file and caption, or name another file'

/** `folder`: with sounds, and captions.csv or another list of them in it. */
export function captionedFolder(folder: string, options: CaptionedFolderOptions = {}): Dataset {
  return openFolder(folder, options, 'absolute: true')
}

/** As the command line names it. */
export function specifiedFolder(folder: string, options: CaptionedFolderOptions = {}): Dataset {
  return openFolder(folder, options, 'folder:DIR?absolute=true')
}

/** `allowing`: how the option that allows absolute paths is written there. */
function openFolder(folder: string, options: CaptionedFolderOptions, allowing: string): Dataset {
  const path = datasetFolder(folder)
  const { captions, template, absolute } = parseOptions(schema, options)
  const names = captions === undefined ? captionLists : [captions]
  const paths = absolute ? { folder: path } : { refused: `give ${allowing} to allow it` }
  return {
    name: 'folder',
    path,
    template,
    ...(captions !== undefined && { list: captions }),
    ...(absolute && { absolute }),
    load: (signal) => load(path, names, (entry) => clipOf(entry, template, paths), signal),
  }
}

async function load(
  folder: string,
  names: readonly string[],
  read: (entry: FolderEntry) => ListedClip | string,
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  const list = await findList(folder, names, 'a folder with captions', hint)
  const clips = new ClipList(folder, list)
  const entries = /\.csv$/i.test(list) ? tableEntries : jsonEntries
  for await (const entry of entries(join(folder, list), clips, signal)) {
    const clip = read(entry)
    if (typeof clip === 'string') clips.reject(entry.line, clip)
    else addClip(entry.line, clip, clips)
  }
  return await clips.load(signal)
}

/** A text says what is wrong. */
function clipOf(
  entry: FolderEntry,
  template: string,
  absolute: AbsolutePaths,
): ListedClip | string {
  const name = safeFile(entry.file, absolute)
  if ('reason' in name) return name.reason
  const { start, end } = entry
  if (start !== undefined && end !== undefined && end <= start) {
    return `ends at ${end} s, which is not behind its start at ${start} s`
  }
  const labels = distinct(entry.labels.map(words))
  const captions = distinct(entry.captions)
  if (captions.length === 0 && labels.length > 0) captions.push(captionOf(labels, template))
  if (captions.length === 0) return 'has no caption and no label'
  const part = start === undefined && end === undefined ? '' : `#${start ?? 0}-${end ?? ''}`
  return {
    ...{ id: name.file + part, file: name.file, captions, labels },
    ...(start !== undefined && { startSeconds: start }),
    ...(end !== undefined && { endSeconds: end }),
  }
}

/** Rows about the same part of the same file add up to one clip. */
function addClip(line: number, clip: ListedClip, clips: ClipList): void {
  const found = clips.get(clip.id)
  if (!found) {
    clips.add(line, clip)
    return
  }
  found.captions = distinct([...found.captions, ...clip.captions])
  found.labels = distinct([...found.labels, ...clip.labels])
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts.map(tidy).filter((text) => text !== ''))]
}
