/** Small data sets of synthesised sounds, and options that make training short. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeWav } from '../../lib/audio/wav.js'
import { captionedFolder } from '../../lib/datasets/folder.js'
import {
  type FineTuneEvent,
  type FineTuneOptions,
  type FineTuneResult,
  fineTune,
} from '../../lib/training/fine-tune.js'
import { tinyModel } from '../models'

export interface Work {
  path: string
  in(...names: string[]): string
  remove(): void
}

export function scratch(): Work {
  const path = mkdtempSync(join(tmpdir(), 'audioldm-training-'))
  return {
    path,
    in: (...names) => join(path, ...names),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** A tone, other for each `index`. */
export function tone(index: number, seconds = 1, sampleRate = 16_000): Uint8Array {
  const samples = Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * 110 * (1 + index) * i) / sampleRate),
  )
  return encodeWav(samples, sampleRate)
}

export function silence(seconds = 1, sampleRate = 16_000): Uint8Array {
  return encodeWav(new Float32Array(Math.round(seconds * sampleRate)), sampleRate)
}

/** Files with their captions; bytes undefined: listed and not there. */
export function writeFolder(
  folder: string,
  files: Record<string, { bytes?: Uint8Array; caption: string }>,
): string {
  mkdirSync(folder, { recursive: true })
  const rows = ['file,caption']
  for (const [name, { bytes, caption }] of Object.entries(files)) {
    if (bytes) writeFileSync(join(folder, name), bytes)
    rows.push(`${name},${caption}`)
  }
  writeFileSync(join(folder, 'captions.csv'), rows.join('\n'))
  return folder
}

export function writeTones(folder: string, count: number, seconds = 1): string {
  const files = Array.from({ length: count }, (_, i) => [
    `tone${String(i).padStart(2, '0')}.wav`,
    { bytes: tone(i, seconds), caption: `a tone of ${110 * (1 + i)} hertz` },
  ])
  return writeFolder(folder, Object.fromEntries(files))
}

/** Of a data set in `data`, with everything written below `work`. */
export function shortOptions(
  work: Work,
  data: string,
  name: string,
  change: Partial<FineTuneOptions> = {},
): FineTuneOptions {
  return {
    dataset: captionedFolder(data),
    steps: 6,
    batchSize: 2,
    segmentSeconds: 0.64,
    validation: 0,
    dtype: 'float32',
    device: 'cpu',
    threads: 1,
    outputDir: work.in(name),
    cacheDir: work.in('cache'),
    ...change,
  }
}

export interface Trained {
  result: FineTuneResult
  events: FineTuneEvent[]
}

/** Of type `type`. */
export function eventsOf<T extends FineTuneEvent['type']>(
  { events }: Pick<Trained, 'events'>,
  type: T,
): Extract<FineTuneEvent, { type: T }>[] {
  return events.filter((event) => event.type === type) as Extract<FineTuneEvent, { type: T }>[]
}

export async function train(
  options: FineTuneOptions,
  model: Parameters<typeof fineTune>[0] = tinyModel,
): Promise<Trained> {
  const job = fineTune(model, options)
  const events: FineTuneEvent[] = []
  for await (const event of job) {
    if (event.type === 'sample') event.audio.dispose()
    events.push(event)
  }
  return { result: await job, events }
}

/** What the job rejects with, and what it reported before. */
export async function failure(
  options: FineTuneOptions,
): Promise<{ error: Error & { hint?: string; option?: string }; events: FineTuneEvent[] }> {
  const events: FineTuneEvent[] = []
  try {
    for await (const event of fineTune(tinyModel, options)) events.push(event)
  } catch (error) {
    return { error: error as Error, events }
  }
  throw new Error('the job should have failed')
}
