/** Counts what a data set has. */
import type { DecodedAudio } from '../audio/decoded-audio.js'
import type { Dataset, DatasetClip, DatasetName, DatasetProblem } from './dataset.js'

export interface DatasetReport {
  name: DatasetName
  path: string
  /** Settings, as in `Dataset`. */
  template?: string
  folds?: readonly number[]
  split?: string
  list?: string
  absolute?: true
  /** Clips that can be used; everything that follows counts these. */
  clips: number
  captions: number
  /** Clips by label, the most frequent first. */
  labels: Record<string, number>
  /** Clips by fold. */
  clipsByFold: Record<string, number>
  seconds: { total: number; shortest: number; longest: number }
  /** Clips by sample rate in Hz. */
  sampleRates: Record<string, number>
  /** Clips by number of channels. */
  channels: Record<string, number>
  /** Clips by the file's path in which every sample is 0. */
  silent: string[]
  /** Files with the same bytes. */
  duplicates: string[][]
  /** What is left out: counts, and each with its reason. */
  missing: number
  unreadable: number
  rows: number
  problems: DatasetProblem[]
}

export class DatasetTally {
  private clips = 0
  private captions = 0
  private total = 0
  private shortest = Number.POSITIVE_INFINITY
  private longest = 0
  private readonly labels = new Map<string, number>()
  private readonly folds = new Map<string, number>()
  private readonly sampleRates = new Map<string, number>()
  private readonly channels = new Map<string, number>()
  private readonly silent: string[] = []
  private readonly byHash = new Map<string, string[]>()
  private readonly problems: DatasetProblem[] = []

  constructor(private readonly dataset: Dataset) {}

  problem(problem: DatasetProblem): void {
    this.problems.push(problem)
  }

  /** Counts the clips that are in a file, and returns those that are not: they lie behind its end. */
  file(path: string, hash: string, audio: DecodedAudio, clips: DatasetClip[]): DatasetProblem[] {
    const problems: DatasetProblem[] = []
    const length = audio.channels[0].length / audio.sampleRate
    let silent = false
    for (const clip of clips) {
      const { startSeconds: start = 0, endSeconds: end = length } = clip
      if (start >= length) {
        const reason = `has ${length} s, and clip ${clip.id} begins at ${start} s`
        problems.push({ kind: 'unreadable', path, reason })
        continue
      }
      this.clip(clip, Math.min(end, length) - start, audio)
      silent ||= isSilent(audio, start, end)
    }
    if (silent) this.silent.push(path)
    const same = this.byHash.get(hash)
    if (same) same.push(path)
    else this.byHash.set(hash, [path])
    return problems
  }

  private clip(clip: DatasetClip, seconds: number, audio: DecodedAudio): void {
    this.clips++
    this.captions += clip.captions.length
    this.total += seconds
    this.shortest = Math.min(this.shortest, seconds)
    this.longest = Math.max(this.longest, seconds)
    for (const label of clip.labels) count(this.labels, label)
    if (clip.fold !== undefined) count(this.folds, String(clip.fold))
    count(this.sampleRates, String(audio.sampleRate))
    count(this.channels, String(audio.channels.length))
  }

  report(): DatasetReport {
    const { load: _, ...settings } = this.dataset
    const kinds = (kind: DatasetProblem['kind']) =>
      this.problems.filter((problem) => problem.kind === kind).length
    return {
      ...settings,
      clips: this.clips,
      captions: this.captions,
      labels: Object.fromEntries([...this.labels].sort(byCount)),
      clipsByFold: Object.fromEntries(this.folds),
      seconds: {
        total: this.total,
        shortest: this.clips > 0 ? this.shortest : 0,
        longest: this.longest,
      },
      sampleRates: Object.fromEntries(this.sampleRates),
      channels: Object.fromEntries(this.channels),
      silent: this.silent,
      duplicates: [...this.byHash.values()].filter((paths) => paths.length > 1),
      missing: kinds('missing'),
      unreadable: kinds('unreadable'),
      rows: kinds('row'),
      problems: this.problems,
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function byCount(a: [string, number], b: [string, number]): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1)
}

function isSilent({ channels, sampleRate }: DecodedAudio, start: number, end: number): boolean {
  const [from, to] = [Math.floor(start * sampleRate), Math.ceil(end * sampleRate)]
  return channels.every((samples) => samples.subarray(from, to).every((value) => value === 0))
}
