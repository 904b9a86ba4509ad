/** sha256 of files, remembered for as long as a file keeps its size and time of change. */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { WeightsFile } from '../../weights/file.js'

interface Entry {
  path: string
  bytes: number
  changed: string
  hash: string
}

/** A file that changed so lately may change again within the clock's resolution. */
const settledMs = 2000
const PIECE_BYTES = 1 << 20

export class FileHashes {
  readonly #memo: string | null
  #known: Promise<Map<string, Entry>> | undefined

  /** `memo`: the file of what is remembered; null: nothing is. */
  constructor(memo: string | null) {
    this.#memo = memo
  }

  /** `compute` may know a better place to read the file. @throws what reading it does */
  async of(path: string, compute: (path: string) => Promise<string> = hashFile): Promise<string> {
    this.#known ??= this.#read()
    const known = await this.#known
    const full = resolve(path)
    const info = await stat(full, { bigint: true })
    const bytes = Number(info.size)
    const changed = String(info.mtimeNs)
    const found = known.get(full)
    if (found && found.bytes === bytes && found.changed === changed) return found.hash
    const hash = await compute(full)
    if (Date.now() - Number(info.mtimeMs) > settledMs) {
      const entry = { path: full, bytes, changed, hash }
      known.set(full, entry)
      await this.#append(entry)
    }
    return hash
  }

  async #read(): Promise<Map<string, Entry>> {
    const known = new Map<string, Entry>()
    if (this.#memo === null) return known
    const text = await readFile(this.#memo, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      try {
        const entry: Entry = JSON.parse(line)
        if (/^[0-9a-f]{64}$/.test(entry.hash)) known.set(entry.path, entry)
      } catch {
        // Cut off by a crash; the file is read again.
      }
    }
    return known
  }

  /** What cannot be remembered is only slower next time. */
  async #append(entry: Entry): Promise<void> {
    if (this.#memo === null) return
    try {
      await mkdir(dirname(this.#memo), { recursive: true })
      await appendFile(this.#memo, `\n${JSON.stringify(entry)}`)
    } catch {}
  }
}

async function hashFile(path: string): Promise<string> {
  const file = await WeightsFile.open(path)
  try {
    const hash = createHash('sha256')
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      hash.update(await file.read(at, Math.min(PIECE_BYTES, file.size - at)))
    }
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}
