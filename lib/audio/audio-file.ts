/** Whole sound files in memory, and their hash. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { AudioError } from '../errors.js'
import { fileProblem } from '../files/file-problem.js'
import { maxFileBytes } from './audio-limits.js'

/**
 * Reads a regular file. It is opened without blocking and looked at afterwards: a named pipe would
 * otherwise hang, and a device never end.
 */
export async function readAudioFile(path: string): Promise<Uint8Array> {
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new AudioError(`cannot be opened (${fileProblem(error)})`, { cause: error })
  }
  try {
    const info = await handle.stat()
    if (!info.isFile()) {
      throw new AudioError(info.isDirectory() ? 'is a folder' : 'is a pipe or a device, not a file')
    }
    if (info.size > maxFileBytes) {
      throw new AudioError(`has ${info.size} bytes, more than ${maxFileBytes}`)
    }
    return await readAll(handle, info.size)
  } catch (error) {
    if (error instanceof AudioError) throw error
    throw new AudioError(`cannot be read (${fileProblem(error)})`, { cause: error })
  } finally {
    await handle.close()
  }
}

/** As much as there is: a file that grows meanwhile is not followed. */
async function readAll(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** SHA-256 as hexadecimal digits. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
