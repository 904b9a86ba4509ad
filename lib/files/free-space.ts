import { statfs } from 'node:fs/promises'
import { OutputError } from '../errors.js'

/** @throws OutputError when the disk of `folder` cannot take `bytes` more. `done`: what is to be. */
export async function requireSpace(
  folder: string,
  bytes: number,
  done: 'downloaded' | 'unpacked',
  hint: string,
): Promise<void> {
  const disk = await statfs(folder)
  const free = disk.bavail * disk.bsize
  if (bytes <= free) return
  throw new OutputError(
    `${megabytes(bytes)} are to be ${done} into ${folder}, where ${megabytes(free)} are free`,
    { hint },
  )
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}
