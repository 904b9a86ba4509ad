/**
 * AudioCaps and AudioSet are published as lists; the sounds are what their user has of them, named as
 * the usual tools do. A folder is walked once, and files are known by the id in their names.
 */
import { basename, extname } from 'node:path'
import { walkFolder } from '../files/walk.js'

interface YouTubeFile {
  /** Relative to the folder. */
  file: string
  /** As in its name; undefined: the name has none. */
  start?: number
}

/** `Y<id>`, `<id>`, `<id>_<start>`, `Y<id>_<start>_<end>`, with a number of seconds or of ms. */
const naming = /^Y?([\w-]{11})(?:_(\d+(?:\.\d+)?)(?:_\d+(?:\.\d+)?)?)?$/

export function isYouTubeId(text: string): boolean {
  return /^[\w-]{11}$/.test(text)
}

export class YouTubeFiles {
  private readonly byId = new Map<string, YouTubeFile[]>()
  private readonly byName = new Map<string, string>()

  private constructor(names: readonly string[]) {
    for (const file of names) {
      const name = basename(file)
      if (!this.byName.has(name)) this.byName.set(name, file)
      const [, id, start] = naming.exec(name.slice(0, -extname(name).length || undefined)) ?? []
      if (id === undefined) continue
      const files = this.byId.get(id) ?? []
      this.byId.set(id, files)
      files.push({ file, ...(start !== undefined && { start: Number(start) }) })
    }
  }

  static async find(folder: string, signal?: AbortSignal): Promise<YouTubeFiles> {
    return new YouTubeFiles((await walkFolder(folder, 'dataset', signal)).names)
  }

  /**
   * The file of the clip that begins at `start`: one with that start in its name before one without
   * any; the first by path where there are several.
   */
  file(id: string, start: number): { file: string } | { reason: string } {
    const files = this.byId.get(id)
    if (!files) return { reason: 'there is no file with this id in its name' }
    const same = (seconds?: number) => seconds !== undefined && Math.abs(seconds - start) < 1e-3
    const found =
      files.find((each) => same(each.start)) ??
      files.find((each) => each.start !== undefined && same(each.start / 1000)) ??
      files.find((each) => each.start === undefined)
    return found ?? { reason: `there is only a clip with another start: ${files[0].file}` }
  }

  /** The file of just that name, in whatever folder; else the first with the id in `name`. */
  named(name: string): string | undefined {
    const [, id] = naming.exec(name.slice(0, -extname(name).length || undefined)) ?? []
    return this.byName.get(name) ?? (id === undefined ? undefined : this.byId.get(id)?.[0].file)
  }
}
