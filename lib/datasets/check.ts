/** Looks through a data set before it is trained on: every file is read. */
import type { DecodedAudio } from '../audio/decoded-audio.js'
import { AudioReaderPool } from '../audio/reader-pool.js'
import { AudioError, InvalidOptionError } from '../errors.js'
import { Job, type JobControl } from '../job.js'
import { lookAhead } from '../look-ahead.js'
import { show } from '../options.js'
import type { Dataset, DatasetClip, DatasetProblem } from './dataset.js'
import { type DatasetReport, DatasetTally } from './tally.js'

export type DatasetCheckEvent =
  | { type: 'step'; done: number; total: number }
  | ({ type: 'problem' } & DatasetProblem)

/** Files that are decoded or waiting at once. */
const ahead = 8

/** Reads the list and every sound file; problems come as events and are in the report. */
export function checkDataset(
  dataset: Dataset,
  options: { signal?: AbortSignal } = {},
): Job<DatasetCheckEvent, DatasetReport> {
  if (typeof dataset?.load !== 'function') {
    const problem = `expected a data set, such as esc50('ESC-50-master'), got ${show(dataset)}`
    throw new InvalidOptionError('dataset', problem)
  }
  return new Job((control) => check(dataset, control), options.signal)
}

async function check(
  dataset: Dataset,
  { emit, signal }: JobControl<DatasetCheckEvent>,
): Promise<DatasetReport> {
  const tally = new DatasetTally(dataset)
  const report = (problem: DatasetProblem) => {
    tally.problem(problem)
    emit({ type: 'problem', ...problem })
  }
  const { clips, problems } = await dataset.load(signal)
  problems.forEach(report)

  const files = [...clipsByFile(clips)]
  await using reader = new AudioReaderPool()
  const read = ([path]: [string, DatasetClip[]]) => readFile(reader, path, signal)
  let done = 0
  for await (const file of lookAhead(files, ahead, read, () => {})) {
    const [path, parts] = files[done]
    if ('reason' in file) report({ kind: 'unreadable', path, reason: file.reason })
    else tally.file(path, file.hash, file.audio, parts).forEach(report)
    emit({ type: 'step', done: ++done, total: files.length })
  }
  return tally.report()
}

/** Several clips may be parts of one file, which is read once. */
function clipsByFile(clips: readonly DatasetClip[]): Map<string, DatasetClip[]> {
  const files = new Map<string, DatasetClip[]>()
  for (const clip of clips) {
    const parts = files.get(clip.path)
    if (parts) parts.push(clip)
    else files.set(clip.path, [clip])
  }
  return files
}

type ReadFile = { hash: string; audio: DecodedAudio } | { reason: string }

async function readFile(
  reader: AudioReaderPool,
  path: string,
  signal: AbortSignal,
): Promise<ReadFile> {
  try {
    return await reader.read(path, { signal })
  } catch (error) {
    if (error instanceof AudioError) return { reason: error.message }
    throw error
  }
}
