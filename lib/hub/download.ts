/** One file into the cache's blobs: resumed where it stopped, checked before it counts. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HubError } from '../errors.js'
import { outputError } from '../files/write-file.js'
import { guarded, PassingFailure } from '../transfer.js'
import { type Connection, hubFetch, retryingHub } from './connection.js'
import type { RepoFile } from './select.js'
import { sizeOf } from './store.js'

/**
 * Brings `file` into `blobsDir` unless it is there. A partial download lies in ETAG.incomplete, as
 * Python's tools leave it, and is continued; size and hash are checked before it takes its name.
 * `onBytes` is told how many of the file's bytes are here; the result is how many were fetched.
 * @throws HubError HUB_DOWNLOAD_FAILED, OutputError
 */
export async function downloadBlob(
  connection: Connection,
  url: string,
  file: RepoFile,
  blobsDir: string,
  onBytes: (here: number) => void,
): Promise<number> {
  const blob = join(blobsDir, file.etag)
  if ((await sizeOf(blob)) === file.size) {
    onBytes(file.size)
    return 0
  }
  const incomplete = `${blob}.incomplete`
  await mkdir(dirname(incomplete), { recursive: true }).catch((error) => {
    throw outputError(incomplete, error)
  })
  let resumed = (await sizeOf(incomplete)) ?? 0
  if (resumed > file.size) {
    await rm(incomplete)
    resumed = 0
  }

  let hash = await transfer(connection, url, file, incomplete, onBytes)
  if (hash !== file.etag && resumed > 0) {
    // What an earlier run left may be what is wrong: once more from the start.
    await rm(incomplete, { force: true })
    resumed = 0
    hash = await transfer(connection, url, file, incomplete, onBytes)
  }
  if (hash !== file.etag) {
    await rm(incomplete, { force: true })
    throw new HubError(
      'HUB_DOWNLOAD_FAILED',
      `${file.path} arrived damaged: its hash is ${hash}, and the hub announced ${file.etag}`,
      { hint: 'pull again; if it repeats, a proxy or mirror on the way alters files' },
    )
  }
  await rename(incomplete, blob).catch((error) => {
    throw outputError(blob, error)
  })
  return file.size - resumed
}

/** Completes `path` and returns the hash of its content. */
async function transfer(
  connection: Connection,
  url: string,
  file: RepoFile,
  path: string,
  onBytes: (here: number) => void,
): Promise<string> {
  const handle = await open(path, 'a+').catch((error) => {
    throw outputError(path, error)
  })
  try {
    await retryingHub(connection, file.path, async (progress) => {
      const here = (await handle.stat()).size
      onBytes(here)
      if (here >= file.size) return
      await guarded(connection.signal, async (signal, alive) => {
        const headers = here > 0 ? { range: `bytes=${here}-` } : undefined
        const response = await hubFetch(connection, url, { headers, signal })
        let size = await startAt(handle, here, response)
        for await (const chunk of response.body ?? []) {
          size += chunk.length
          if (size > file.size) throw tooLong(file)
          await append(handle, chunk, path)
          alive()
          progress()
          onBytes(size)
        }
        if (size < file.size) throw new PassingFailure(`${file.size - size} bytes are missing`)
      })
    })
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hashOf(path, file)
}

/** Where the body of `response` belongs: after what is here, or at the start if all is sent again. */
async function startAt(handle: FileHandle, here: number, response: Response): Promise<number> {
  if (here === 0) return 0
  if (response.status === 206) {
    const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')
    if (range && Number(range[1]) === here) return here
  }
  await handle.truncate(0)
  if (response.status === 206) throw new PassingFailure('the hub sent another range than asked for')
  return 0
}

async function append(handle: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    await handle.appendFile(chunk)
  } catch (error) {
    throw outputError(path, error)
  }
}

function tooLong(file: RepoFile): HubError {
  const message = `${file.path} is longer than the ${file.size} bytes that the hub announced`
  return new HubError('HUB_DOWNLOAD_FAILED', message, { hint: 'pull again' })
}

/** SHA-256 of the content, or git's hash of it as a blob: what the hub uses as the file's name. */
async function hashOf(path: string, file: RepoFile): Promise<string> {
  let hash: Hash
  if (file.algorithm === 'git') {
    hash = createHash('sha1').update(`blob ${(await stat(path)).size}\0`)
  } else {
    hash = createHash('sha256')
  }
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
