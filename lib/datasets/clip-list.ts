/** Gathers what a list says about clips, then looks which of their files are there. */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AbortError } from '../errors.js'
import { fileProblem } from '../files/file-problem.js'
import type { DatasetClip, DatasetProblem, LoadedDataset } from './dataset.js'

/** A clip whose file has not been looked for; `file` is as `safeFile` gives it. */
export type ListedClip = Omit<DatasetClip, 'path'> & { file: string }

type AbsentClip = Omit<DatasetClip, 'path'>

const statsAtOnce = 64

export class ClipList {
  private readonly clips = new Map<string, ListedClip>()
  private readonly problems: DatasetProblem[] = []
  private readonly absent: AbsentClip[] = []

  /** `list`: the file with the rows, relative to the folder as the clips are. */
  constructor(
    private readonly folder: string,
    private readonly list: string,
  ) {}

  /** A row that cannot be used, by its line. */
  reject(line: number, reason: string): void {
    this.problems.push({ kind: 'row', path: `${join(this.folder, this.list)}:${line}`, reason })
  }

  /** `clip`: all that the list says of it, where that is known. */
  missing(file: string, reason: string, clip?: AbsentClip): void {
    if (clip) this.absent.push(clip)
    this.problems.push({ kind: 'missing', path: resolve(this.folder, file), reason })
  }

  get(id: string): ListedClip | undefined {
    return this.clips.get(id)
  }

  /** Ids are unique: the first row with one counts. */
  add(line: number, clip: ListedClip): void {
    if (this.clips.has(clip.id)) this.reject(line, `lists ${clip.id} a second time`)
    else this.clips.set(clip.id, clip)
  }

  /** `known`: the files were found, not read from the list. */
  async load(signal?: AbortSignal, known = false): Promise<LoadedDataset> {
    const listed = [...this.clips.values()]
    const clips: DatasetClip[] = []
    for (let i = 0; i < listed.length; i += statsAtOnce) {
      if (signal?.aborted) throw new AbortError(signal.reason)
      const group = listed.slice(i, i + statsAtOnce)
      const reasons = known ? [] : await Promise.all(group.map(({ file }) => this.absence(file)))
      group.forEach(({ file, ...clip }, n) => {
        const reason = reasons[n]
        if (reason === undefined) clips.push({ ...clip, path: resolve(this.folder, file) })
        else this.missing(file, reason, clip)
      })
    }
    return { clips, problems: this.problems, absent: this.absent }
  }

  private async absence(file: string): Promise<string | undefined> {
    try {
      const info = await stat(resolve(this.folder, file))
      return info.isFile() ? undefined : info.isDirectory() ? 'is a folder' : 'is not a file'
    } catch (error) {
      return fileProblem(error)
    }
  }
}
