/**
 * The shared libraries out of an archive. The zip format is yauzl's business, which also refuses
 * names that are absolute or climb; what a libtorch may hold, and how much, is decided here.
 */
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { LibtorchInstallError } from '../errors.js'
import { outputError } from '../files/write-file.js'

const mostEntries = 50_000
const mostBytes = 16 * 2 ** 30

/** Libraries, licences and the version; not headers, CMake files and the half for Python. */
const kept = [
  /^(libtorch|torch)\/lib\/(?!libtorch_python)[^/]+\.so(\.\d+)*$/,
  /^nvidia\/[^/]+\/lib\/[^/]+\.so(\.\d+)*$/,
  /^(libtorch\/build-version|torch\/version\.py)$/,
  /^(libtorch|[^/]+\.dist-info(\/licenses)?)\/(licen[cs]e|notice)[^/]*$/i,
]
const regularFile = 0o100000
const folder = 0o040000

export interface LibtorchArchive {
  /** Names of what is kept, and the bytes that it takes. */
  names: string[]
  bytes: number
  /** Writes it below `root`. @throws LibtorchInstallError INVALID_LIBTORCH, OutputError */
  unpack(root: string, signal: AbortSignal, onBytes: (written: number) => void): Promise<void>
  close(): void
}

/**
 * Reads the whole directory of the zip file `path` and refuses it unless every entry is sound; no
 * byte is written. `name` is for messages. @throws LibtorchInstallError INVALID_LIBTORCH
 */
export async function openArchive(path: string, name: string): Promise<LibtorchArchive> {
  let zip: ZipFile
  try {
    zip = await openPromise(path, { autoClose: false, strictFileNames: true })
  } catch (error) {
    throw invalid(name, `not a zip file (${(error as Error).message})`)
  }
  try {
    const entries = await checkEntries(zip, name)
    return {
      names: entries.map((entry) => entry.fileName),
      bytes: entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0),
      unpack: (root, signal, onBytes) => unpackAll(zip, entries, root, name, signal, onBytes),
      close: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error instanceof LibtorchInstallError ? error : invalid(name, (error as Error).message)
  }
}

/** The entries that are kept. */
async function checkEntries(zip: ZipFile, name: string): Promise<Entry[]> {
  if (zip.entryCount > mostEntries) throw invalid(name, `it has ${zip.entryCount} entries`)
  const names = new Set<string>()
  const entries: Entry[] = []
  let bytes = 0
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry
    if (names.has(fileName)) throw invalid(name, `${shown(fileName)} is in it twice`)
    names.add(fileName)
    // The upper half has the file's mode where the archive was made on a system that has modes.
    const type = (entry.externalFileAttributes >>> 16) & 0o170000
    if (type !== 0 && type !== regularFile && type !== folder) {
      throw invalid(name, `${shown(fileName)} is a link or a device`)
    }
    if (!kept.some((pattern) => pattern.test(fileName))) continue
    if (!entry.canDecodeFileData()) {
      throw invalid(name, `${shown(fileName)} is encrypted or compressed in an unknown way`)
    }
    bytes += entry.uncompressedSize
    if (bytes > mostBytes) throw invalid(name, `unpacked it has more than ${mostBytes} bytes`)
    entries.push(entry)
  }
  return entries
}

async function unpackAll(
  zip: ZipFile,
  entries: Entry[],
  root: string,
  name: string,
  signal: AbortSignal,
  onBytes: (written: number) => void,
): Promise<void> {
  let written = 0
  for (const entry of entries) {
    const path = join(root, entry.fileName)
    await mkdir(dirname(path), { recursive: true }).catch((error) => {
      throw outputError(path, error)
    })
    for await (const bytes of writeEntry(zip, entry, path, name)) {
      signal.throwIfAborted()
      written += bytes
      onBytes(written)
    }
  }
}

/** Yields how many bytes each step has written. */
async function* writeEntry(
  zip: ZipFile,
  entry: Entry,
  path: string,
  name: string,
): AsyncGenerator<number> {
  const file = await open(path, 'wx').catch((error) => {
    throw outputError(path, error)
  })
  try {
    for await (const chunk of contentOf(zip, entry, name)) {
      await file.appendFile(chunk).catch((error) => {
        throw outputError(path, error)
      })
      yield chunk.length
    }
    await file.sync().catch((error) => {
      throw outputError(path, error)
    })
  } finally {
    await file.close()
  }
}

/** The bytes of an entry, exactly as many as it declares: yauzl ends what inflates further. */
async function* contentOf(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* (await zip.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>
  } catch (error) {
    throw invalid(name, `${shown(entry.fileName)}: ${(error as Error).message}`)
  }
}

function shown(fileName: string): string {
  return JSON.stringify(fileName.slice(0, 100))
}

function invalid(name: string, problem: string): LibtorchInstallError {
  return new LibtorchInstallError('INVALID_LIBTORCH', `${name}: ${problem}`, {
    hint: 'take the archive that PyTorch publishes; delete this one if you do not know who made it',
  })
}
