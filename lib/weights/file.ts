import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { InvalidWeightsError } from '../errors.js'
import { fileProblem } from '../files/file-problem.js'

/** A regular file open for positioned reads that never run past its end. */
export class WeightsFile {
  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Links are followed, because hub caches are made of them. The file is opened without blocking
   * and looked at afterwards: a FIFO would otherwise hang, and a device never end.
   */
  static async open(path: string): Promise<WeightsFile> {
    let handle: FileHandle
    try {
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      throw new InvalidWeightsError(`${path}: cannot be opened (${fileProblem(error)})`)
    }
    try {
      const info = await handle.stat()
      if (!info.isFile()) {
        throw new InvalidWeightsError(`${path}: is ${kind(info)}, not a weights file`)
      }
      return new WeightsFile(path, info.size, handle)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Exactly `length` bytes from `offset`; a range outside the file is an error, not a short read. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (
      !Number.isSafeInteger(offset) ||
      !Number.isSafeInteger(length) ||
      offset < 0 ||
      length < 0 ||
      offset + length > this.size
    ) {
      throw new InvalidWeightsError(
        `${this.path}: truncated (${length} bytes wanted at ${offset}, the file has ${this.size})`,
      )
    }
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.handle.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) {
        throw new InvalidWeightsError(`${this.path}: became shorter while it was read`)
      }
      filled += bytesRead
    }
    return buffer
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

/** Opens, uses and always closes a file. */
export async function withFile<T>(
  path: string,
  use: (file: WeightsFile) => Promise<T>,
): Promise<T> {
  const file = await WeightsFile.open(path)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

function kind(info: Stats): string {
  if (info.isDirectory()) return 'a folder'
  if (info.isFIFO()) return 'a named pipe'
  if (info.isSocket()) return 'a socket'
  return 'a device'
}
