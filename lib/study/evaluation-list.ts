/** Which items a data set is tested with: drawn by a seed, saved, and the same on every machine. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { DatasetClip } from '../datasets/dataset.js'
import { splitClips } from '../datasets/split.js'
import { InvalidOptionError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import { fileProblem } from '../files/file-problem.js'
import { writeFileAtomic } from '../files/write-file.js'
import { pairName } from '../score/inputs/pairing.js'

/** One thing to generate and its reference. */
export interface ListItem {
  /** Of the clip, in its data set. */
  id: string
  /** Of the generated file, without extension: another system's clips are paired by it. */
  name: string
  /** What is generated from: of several captions the one that the seed picks. */
  prompt: string
  captions: string[]
  labels: string[]
}

export interface EvaluationList {
  format: 'audioldm-evaluation-list'
  version: 1
  /** The kind of data set. */
  dataset: string
  seed: string
  items: ListItem[]
}

/** How many items are drawn of a data set of `all` clips. */
export type ListSize = (all: number) => number

/** Of every label the same part; in the order of the ids, whatever that of the data set is. */
export function drawList(
  dataset: string,
  clips: readonly Pick<DatasetClip, 'id' | 'captions' | 'labels'>[],
  size: ListSize,
  seed: bigint,
): EvaluationList {
  const count = Math.max(1, Math.min(clips.length, size(clips.length)))
  const { first } = splitClips(clips, { count, seed, by: 'label' })
  const taken = new Set<string>()
  const items = first.sort(byId).map(({ id, captions, labels }) => ({
    ...{ id, name: nameOf(id, taken), prompt: pickCaption(captions, id, seed) },
    ...{ captions, labels },
  }))
  return {
    ...{ format: 'audioldm-evaluation-list', version: 1 },
    ...{ dataset, seed: String(seed), items },
  }
}

/** The items and their order are what is hashed, and nothing of this machine. */
export function hashOfList({ dataset, items }: EvaluationList): string {
  return createHash('sha256').update(canonicalJson({ dataset, items })).digest('hex')
}

export async function saveList(path: string, list: EvaluationList): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(list, null, 1)}\n`)
}

const itemSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().regex(/^[^/\\\0.][^/\\\0]*$/, { error: 'is no file name' }),
  prompt: z.string().min(1),
  captions: z.array(z.string().min(1)).min(1),
  labels: z.array(z.string()),
})

const listSchema = z.strictObject({
  format: z.literal('audioldm-evaluation-list'),
  version: z.literal(1),
  dataset: z.string(),
  seed: z.string().regex(/^\d{1,20}$/),
  items: z.array(itemSchema).min(1),
})

/** @throws InvalidOptionError naming the file and what is wrong with it */
export async function readList(option: string, path: string): Promise<EvaluationList> {
  const fail = (problem: string): never => {
    throw new InvalidOptionError(option, `${path} is no evaluation list: ${problem}`)
  }
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return fail('it is no JSON')
    throw new InvalidOptionError(option, `${path} ${fileProblem(error)}`)
  }
  const parsed = listSchema.safeParse(value)
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]
    return fail(`${at.join('.') || 'the document'}: ${message}`)
  }
  const { items } = parsed.data
  const ids = new Set(items.map(({ id }) => id))
  const names = new Set(items.map(({ name }) => name.toLowerCase()))
  if (ids.size < items.length) fail('an id is there twice')
  if (names.size < items.length) fail('a name is there twice')
  return parsed.data
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Of `captions`, the same one on every machine. */
function pickCaption(captions: readonly string[], id: string, seed: bigint): string {
  const hash = createHash('sha256').update(`${seed}\ncaption\n${id}`).digest()
  return captions[hash.readUInt32BE(0) % captions.length]
}

/** A file name on every system; `taken` holds those before, in lower case. */
function nameOf(id: string, taken: Set<string>): string {
  const base = pairName(id)
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\./, '_')
    .slice(-100)
  let name = base
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base}-${n}`
  taken.add(name.toLowerCase())
  return name
}
