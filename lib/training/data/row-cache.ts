/**
 * Rows of numbers on disk that were computed before: `rows.f32`, one row after the other, and
 * `index`, the sha256 key of each in the same order. Rows are only ever appended, and synced before
 * their keys are, so what a crash leaves behind is at most a row without a key, which the next
 * writer overwrites.
 */
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileLock, lockFile } from '../../files/file-lock.js'
import { outputError } from '../../files/write-file.js'
import type { NativeTensor, NativeTensorConstructor } from '../../native/binding.js'
import type { Row, RowStore } from './rows.js'

const KEY_BYTES = 32

export class RowCache implements RowStore {
  readonly #dir: string
  readonly #shape: readonly number[]
  readonly #rowBytes: number
  readonly #rows = new Map<string, number>()
  #count = 0
  #lock: FileLock | undefined

  /** `shape` of a row. One folder has rows of one shape, made with the same settings. */
  constructor(dir: string, shape: readonly number[]) {
    this.#dir = dir
    this.#shape = shape
    this.#rowBytes = 4 * shape.reduce((product, size) => product * size, 1)
  }

  /** Reads what is there. @throws OutputError where it cannot be read or made */
  async open(): Promise<void> {
    try {
      await mkdir(this.#dir, { recursive: true })
      const index = await open(this.#indexPath, 'a+')
      const rows = await open(this.#rowsPath, 'a+').catch(async (error) => {
        await index.close()
        throw error
      })
      try {
        await this.#read(index, rows)
      } finally {
        await index.close()
        await rows.close()
      }
    } catch (error) {
      throw outputError(this.#dir, error)
    }
  }

  /**
   * Becomes the one that may append, when no other process is. `onWait` hears once who holds it.
   * Rows that others appended meanwhile are found afterwards.
   */
  async lock(signal: AbortSignal, onWait: (holder: string) => void): Promise<void> {
    if (this.#lock) return
    const path = join(this.#dir, 'lock')
    for (let waited = false; ; waited = true) {
      const lock = await lockFile(path)
      if ('release' in lock) {
        this.#lock = lock
        return this.open()
      }
      if (!waited) onWait(lock.holder)
      await new Promise((resolve) => setTimeout(resolve, 300))
      signal.throwIfAborted()
    }
  }

  find(key: string): number | undefined {
    return this.#rows.get(key)
  }

  /** Rows of keys that are not there yet. @throws OutputError; what is there stays whole then */
  async append(rows: readonly Row[]): Promise<void> {
    if (!this.#lock) throw new TypeError('rows are appended by who holds the lock')
    if (rows.length === 0) return
    try {
      await writeAt(
        this.#rowsPath,
        this.#count * this.#rowBytes,
        rows.map(({ data }) => this.#bytesOf(data)),
      )
      const keys = rows.map(({ key }) => Buffer.from(key, 'hex'))
      await writeAt(this.#indexPath, this.#count * KEY_BYTES, keys)
    } catch (error) {
      throw error instanceof TypeError ? error : outputError(this.#rowsPath, error)
    }
    for (const { key } of rows) this.#rows.set(key, this.#count++)
  }

  tensor(native: NativeTensorConstructor): NativeTensor {
    return native.map(this.#rowsPath, 0, [this.#count, ...this.#shape])
  }

  rowTensor(native: NativeTensorConstructor, number: number): NativeTensor {
    return native.map(this.#rowsPath, number * this.#rowBytes, [...this.#shape])
  }

  async close(): Promise<void> {
    await this.#lock?.release()
    this.#lock = undefined
  }

  get #rowsPath(): string {
    return join(this.#dir, 'rows.f32')
  }

  get #indexPath(): string {
    return join(this.#dir, 'index')
  }

  async #read(index: FileHandle, rows: FileHandle): Promise<void> {
    const whole = Math.floor((await rows.stat()).size / this.#rowBytes)
    const keys = await index.readFile()
    this.#count = Math.min(whole, Math.floor(keys.length / KEY_BYTES))
    this.#rows.clear()
    for (let i = 0; i < this.#count; i++) {
      this.#rows.set(keys.toString('hex', i * KEY_BYTES, (i + 1) * KEY_BYTES), i)
    }
  }

  #bytesOf(data: Float32Array): Uint8Array {
    if (data.byteLength !== this.#rowBytes) {
      throw new TypeError(`${data.length} numbers do not make a row of [${this.#shape}]`)
    }
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
}

/** Writes and syncs; what lies behind it is cut off. */
async function writeAt(path: string, start: number, pieces: Uint8Array[]): Promise<void> {
  const file = await open(path, 'r+')
  try {
    let position = start
    for (const piece of pieces) {
      for (let done = 0; done < piece.byteLength; ) {
        const { bytesWritten } = await file.write(piece, done, undefined, position)
        done += bytesWritten
        position += bytesWritten
      }
    }
    await file.truncate(position)
    await file.datasync()
  } finally {
    await file.close()
  }
}
