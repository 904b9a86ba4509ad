/** A folder of sounds with a file that says what is heard in each. */
import { join } from 'node:path'
import { z } from 'zod'
import { expecting, parseOptions } from '../options.js'
import { captionOf, templateOption, tidy, words } from './captions.js'
import { ClipList, safeFile } from './clip-list.js'
import type { Dataset, LoadedDataset } from './dataset.js'
import { type FolderEntry, jsonEntries, tableEntries } from './folder-entries.js'
import { datasetFolder } from './folder-option.js'
import { findList } from './list-file.js'

export interface CaptionedFolderOptions {
  /** The file with the captions, .csv or .jsonl, relative to the folder. */
  captions?: string
  /** What labels become where there is no caption. Default: 'This is a sound of {label}.' */
  template?: string
}

const listForm = 'the path of a .csv or .jsonl file within the folder'
const schema = z.strictObject({
  captions: z
    .string(expecting(listForm))
    .regex(/\.(csv|jsonl|ndjson)$/i, expecting(listForm))
    .refine((name) => 'file' in safeFile(name), expecting(listForm))
    .optional(),
  template: templateOption,
})

/** What a folder's captions are called where they are not named. */
export const captionLists = ['captions.csv', 'captions.jsonl', 'metadata.csv', 'metadata.jsonl']

const hint = 'write captions.csv with the columns file and caption, or name another file'

/** `folder`: with sounds, and captions.csv or another list of them in it. */
export function captionedFolder(folder: string, options: CaptionedFolderOptions = {}): Dataset {
  const path = datasetFolder(folder)
  const { captions, template } = parseOptions(schema, options)
  const names = captions === undefined ? captionLists : [captions]
  return {
    name: 'folder',
    path,
    template,
    ...(captions !== undefined && { list: captions }),
    load: (signal) => load(path, names, template, signal),
  }
}

async function load(
  folder: string,
  names: readonly string[],
  template: string,
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  const list = await findList(folder, names, 'a folder with captions', hint)
  const clips = new ClipList(folder, list)
  const entries = /\.csv$/i.test(list) ? tableEntries : jsonEntries
  for await (const entry of entries(join(folder, list), clips, signal)) {
    const problem = addEntry(entry, template, clips)
    if (problem !== undefined) clips.reject(entry.line, problem)
  }
  return await clips.load(signal)
}

/** Rows about the same part of the same file add up to one clip. */
function addEntry(entry: FolderEntry, template: string, clips: ClipList): string | undefined {
  const name = safeFile(entry.file)
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
  const id = name.file + part
  const found = clips.get(id)
  if (found) {
    found.captions = distinct([...found.captions, ...captions])
    found.labels = distinct([...found.labels, ...labels])
    return undefined
  }
  clips.add(entry.line, {
    ...{ id, file: name.file, captions, labels },
    ...(start !== undefined && { startSeconds: start }),
    ...(end !== undefined && { endSeconds: end }),
  })
  return undefined
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts.map(tidy).filter((text) => text !== ''))]
}
