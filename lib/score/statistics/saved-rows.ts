/**
 * Rows in a file of saved statistics: what every network made of every clip, in place of the sounds.
 * Beside the statistics there are, for a backbone, `<backbone>.rows` float32 [R, d] and, where it has
 * them, `<backbone>.logits` float32 [N, C]; and `manifest`, JSON in UTF-8 that says of the N clips
 * what they are, and of backbones with several rows a clip how many each has.
 */
import { z } from 'zod'
import type { ClipSource } from '../../audio/clip-source.js'
import { backbones } from '../../backbones/registry.js'
import { AudioError } from '../../errors.js'
import type { Rows } from '../../metrics/rows.js'
import type { TensorSource } from '../../native/tensor-table.js'
import type { TensorBytes } from '../../weights/safetensors-writer.js'
import { readTensor } from '../../weights/tensor.js'
import type { ClipFacts, StoredArray, StoredFeatures } from '../features/feature-cache.js'
import { damaged, parseJson, type SavedStatistics, tensorOf } from './statistics-file.js'

const manifestSchema = z.strictObject({
  clips: z
    .array(
      z.strictObject({
        name: z.string().min(1).optional(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        durationSeconds: z.number().positive(),
        sampleRate: z.int().min(1),
        channels: z.int().min(1),
      }),
    )
    .min(1),
  /** Backbone → rows of each clip, where there may be several. */
  frames: z.record(z.string(), z.array(z.int().min(1))),
})

type Manifest = z.output<typeof manifestSchema>

/** A clip that was heard once and of which the rows were kept. */
export interface SavedClip extends ClipSource {
  stored(backbone: string): Promise<StoredFeatures>
}

export function isSavedClip(clip: ClipSource): clip is SavedClip {
  return 'stored' in clip
}

export interface RowsToSave {
  clips: { name: string | undefined; hash: string; facts: ClipFacts }[]
  backbones: { name: string; rows: Rows; frames: boolean; logits?: Rows }[]
}

/** Rows and logits are in the order of `clips`. */
export function rowTensors({ clips, backbones }: RowsToSave): [string, TensorBytes][] {
  const tensors = backbones.flatMap(({ name, rows, logits }): [string, TensorBytes][] => [
    [`${name}.rows`, bytesOf(rows)],
    ...(logits ? [[`${name}.logits`, bytesOf(logits)] as [string, TensorBytes]] : []),
  ])
  const manifest: Manifest = {
    clips: clips.map(({ name, hash, facts }) => ({ name, sha256: hash, ...facts })),
    frames: Object.fromEntries(
      backbones
        .filter(({ frames }) => frames)
        .map(({ name, rows }) => [
          name,
          [...rows.clips()].map((clip) => rows.of(clip).length / rows.dimension),
        ]),
    ),
  }
  const data = new TextEncoder().encode(JSON.stringify(manifest))
  return [...tensors, ['manifest', { dtype: 'uint8', shape: [data.length], data }]]
}

function bytesOf(rows: Rows): TensorBytes {
  return { dtype: 'float32', shape: [rows.count, rows.dimension], data: rows.all() }
}

export const hasRows = (file: SavedStatistics): boolean => file.tensors.has('manifest')

/** The clips of a file with rows, which are read when they are needed. */
export async function savedClips(file: SavedStatistics): Promise<SavedClip[]> {
  const { path } = file
  const { clips, frames } = await readManifest(file)
  if (clips.length !== file.clips) {
    throw damaged(path, `statistics of ${file.clips} clips, and rows of ${clips.length}`)
  }
  const tables = new Map(
    [...file.backbones.keys()].map((name) => [name, tablesOf(file, name, frames[name])]),
  )
  return clips.map(({ name, sha256, ...facts }, i) => ({
    name,
    path: name ?? `${path}[${i}]`,
    hash: async () => sha256,
    read: async () => {
      throw new AudioError(`${path} has its rows and not its sound`)
    },
    stored: async (backbone) => {
      const own = tables.get(backbone)
      if (own === undefined) throw new TypeError(`${path} was not checked for ${backbone}`)
      return { ...(await own(i)), ...facts }
    },
  }))
}

type Tables = (clip: number) => Promise<Pick<StoredFeatures, 'embedding' | 'logits'>>

function tablesOf(file: SavedStatistics, name: string, frames: number[] | undefined): Tables {
  const rows = float32(file, `${name}.rows`)
  const logits = file.tensors.has(`${name}.logits`) ? float32(file, `${name}.logits`) : undefined
  const outputs = backbones.find((each) => each.name === name)?.outputs
  if (outputs?.includes('logits') && !logits) {
    throw damaged(file.path, `there is no tensor ${name}.logits`)
  }
  const first = firstRows(frames ?? new Array<number>(file.clips).fill(1))
  const total = first[first.length - 1]
  const wrong =
    (frames ?? first.slice(1)).length !== file.clips ||
    rows.shape[0] !== total ||
    rows.shape[0] !== file.backbones.get(name)?.rows ||
    rows.shape[1] !== tensorOf(file, `${name}.mean`, 'float64', 1).shape[0] ||
    (logits ?? { shape: [file.clips] }).shape[0] !== file.clips
  if (wrong) throw damaged(file.path, `the rows of ${name} are not those of ${file.clips} clips`)
  return async (clip) => {
    const embedding = await slice(file, rows, first[clip], first[clip + 1])
    if (frames === undefined) embedding.shape.shift()
    if (logits === undefined) return { embedding }
    const row = await slice(file, logits, clip, clip + 1)
    return { embedding, logits: { ...row, shape: row.shape.slice(1) } }
  }
}

function firstRows(counts: number[]): number[] {
  const first = [0]
  for (const count of counts) first.push(first[first.length - 1] + count)
  return first
}

async function slice(
  { path }: SavedStatistics,
  source: TensorSource,
  from: number,
  to: number,
): Promise<StoredArray> {
  const [, width] = source.shape
  const shape = [to - from, width]
  const data = await readTensor({ ...source, offset: source.offset + 4 * from * width, shape })
  if (!data.every((value) => Number.isFinite(value))) {
    throw damaged(path, 'rows have values that are not finite')
  }
  return { data: data as Float32Array, shape }
}

function float32(file: SavedStatistics, name: string): TensorSource {
  return tensorOf(file, name, 'float32', 2)
}

async function readManifest(file: SavedStatistics): Promise<Manifest> {
  const bytes = await readTensor(tensorOf(file, 'manifest', 'uint8', 1))
  const text = new TextDecoder().decode(bytes as Uint8Array)
  const found = manifestSchema.safeParse(parseJson(file.path, 'its manifest', text))
  if (found.success) return found.data
  const [{ path, message }] = found.error.issues
  throw damaged(file.path, `its manifest is wrong at '${path.join('.')}': ${message}`)
}
