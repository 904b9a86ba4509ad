/** The checkpoints of an output folder: which there are, which can be gone on from, which stay. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { outputError } from '../../files/write-file.js'
import type { TensorTable } from '../../native/tensor-table.js'
import { readSafetensors } from '../../weights/safetensors.js'

export interface CheckpointEntry {
  step: number
  path: string
}

/** What training goes on from. */
export interface SavedState extends CheckpointEntry {
  record: CheckpointRecord
  /** By the names the trainer gives them. */
  tensors: TensorTable
}

/** `training/state.json`. */
export interface CheckpointRecord {
  version: 1
  step: number
  /** What must stay the same when training goes on, by the names of options. */
  settings: Record<string, unknown>
  /** For people: what was trained on what. */
  about: Record<string, unknown>
}

export const stateFile = join('training', 'state.safetensors')
export const recordFile = join('training', 'state.json')
export const unetFile = join('unet', 'diffusion_pytorch_model.safetensors')

const pattern = /^checkpoint-(\d{6,})$/

export function checkpointName(step: number): string {
  return `checkpoint-${String(step).padStart(6, '0')}`
}

/** A hidden name beside the checkpoints, which `sweep` removes. */
export function temporaryName(step: number): string {
  return `.${checkpointName(step)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
}

/** Newest first. */
export async function listCheckpoints(outputDir: string): Promise<CheckpointEntry[]> {
  const names = await readdir(outputDir).catch((error) => {
    throw outputError(outputDir, error)
  })
  return names
    .map((name) => ({ step: Number(pattern.exec(name)?.[1] ?? -1), path: join(outputDir, name) }))
    .filter(({ step }) => step >= 0)
    .sort((a, b) => b.step - a.step)
}

/** The newest checkpoint that is whole; `onDamaged` hears why newer ones are not. */
export async function newestState(
  outputDir: string,
  onDamaged: (path: string, reason: string) => void,
): Promise<SavedState | undefined> {
  for (const entry of await listCheckpoints(outputDir)) {
    try {
      return await readState(entry)
    } catch (error) {
      onDamaged(entry.path, (error as Error).message)
    }
  }
  return undefined
}

async function readState(entry: CheckpointEntry): Promise<SavedState> {
  const record: CheckpointRecord = JSON.parse(await readFile(join(entry.path, recordFile), 'utf8'))
  if (record?.version !== 1 || record.step !== entry.step || typeof record.settings !== 'object') {
    throw new Error(`${recordFile} is not of this version or not of this checkpoint`)
  }
  const tensors = await readSafetensors(join(entry.path, stateFile))
  const unet = await readSafetensors(join(entry.path, unetFile))
  // Without adapters, the average of the weights is the checkpoint's UNet itself.
  if (![...tensors.keys()].some((name) => name.startsWith('ema/'))) {
    for (const [name, source] of unet) tensors.set(`ema/${name}`, source)
  }
  return { ...entry, record, tensors }
}

/** Removes all but the newest `keepLast` and that of step `best`. */
export async function prune(
  outputDir: string,
  keepLast: number,
  best: number | undefined,
): Promise<void> {
  const entries = await listCheckpoints(outputDir)
  for (const entry of entries.slice(keepLast)) {
    if (entry.step !== best) await removeCheckpoint(outputDir, entry)
  }
}

/** Under another name, so that one that is half removed is never taken for a whole one. */
export async function removeCheckpoint(
  outputDir: string,
  { step, path }: CheckpointEntry,
): Promise<void> {
  const going = join(outputDir, temporaryName(step))
  try {
    await rename(path, going)
    await rm(going, { recursive: true, force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw outputError(path, error)
  }
}

/** Removes what processes that were killed left behind. Only the one that trains here may. */
export async function sweep(outputDir: string): Promise<void> {
  for (const name of await readdir(outputDir)) {
    if (!/^\.checkpoint-\d{6,}\.\d+-[0-9a-f]{8}\.tmp$/.test(name)) continue
    await rm(join(outputDir, name), { recursive: true, force: true })
  }
}
