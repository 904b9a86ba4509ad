/** An archive from a server: resumed where it stopped, as long as the server still has the same. */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LibtorchInstallError } from '../errors.js'
import { readText } from '../files/look.js'
import { outputError, writeFileAtomic } from '../files/write-file.js'
import { guarded, networkReason, PassingFailure, retrying } from '../transfer.js'
import type { PlannedArchive } from './plan.js'

/** No archive of libtorch comes near it. */
const mostBytes = 16 * 2 ** 30
const goOn = 'run the same command again: it goes on where it stopped'
const otherWays =
  'check the network; or name a mirror (--mirror, AUDIOLDM_LIBTORCH_MIRROR), or fetch the file ' +
  'elsewhere and install it with --from FILE'

/**
 * Completes `part`, which may hold the beginning of the archive, and returns how many bytes came
 * now. Its hash is not looked at. `onBytes` is told how many are here and, once the server said so,
 * how many there are.
 * @throws LibtorchInstallError LIBTORCH_DOWNLOAD_FAILED, OutputError
 */
export async function downloadArchive(
  archive: PlannedArchive,
  part: string,
  signal: AbortSignal,
  onBytes: (here: number, total: number | undefined) => void,
): Promise<number> {
  await mkdir(dirname(part), { recursive: true }).catch((error) => {
    throw outputError(part, error)
  })
  const handle = await open(part, 'a+').catch((error) => {
    throw outputError(part, error)
  })
  let fetched = 0
  let restarts = 0
  const restart = async (why: string) => {
    await handle.truncate(0)
    // A server that is wrong a second time would be asked for ever.
    if (++restarts > 1) throw failed(archive, why, otherWays)
    throw new PassingFailure(why)
  }
  try {
    await retrying(
      signal,
      (progress) =>
        guarded(signal, async (inner, alive) => {
          const transfer = await request({ archive, part, handle, restart }, inner)
          if (!transfer) return
          let { here } = transfer
          onBytes(here, transfer.total)
          for await (const chunk of transfer.body) {
            here += chunk.length
            if (here > (transfer.total ?? mostBytes)) throw tooLong(archive, transfer.total)
            await handle.appendFile(chunk).catch((error) => {
              throw outputError(part, error)
            })
            fetched += chunk.length
            alive()
            progress()
            onBytes(here, transfer.total)
          }
          const missing = (transfer.total ?? here) - here
          if (missing > 0) throw new PassingFailure(`${missing} bytes are missing`)
        }),
      (failure) => failed(archive, failure.message, goOn, failure),
    )
    await handle.sync()
  } finally {
    await handle.close()
  }
  return fetched
}

/** Removes what is left of a download. */
export async function discardPart(part: string): Promise<void> {
  for (const path of [part, validatorPath(part)]) {
    await rm(path, { force: true }).catch((error) => {
      throw outputError(path, error)
    })
  }
}

interface Transfer {
  /** How many bytes are here before the body. */
  here: number
  total: number | undefined
  body: AsyncIterable<Uint8Array>
}

interface Download {
  archive: PlannedArchive
  part: string
  handle: FileHandle
  /** Throws away what is here, and fails for this reason. */
  restart(why: string): Promise<never>
}

/** Asks for what is missing; undefined if nothing is. */
async function request(
  { archive, part, handle, restart }: Download,
  signal: AbortSignal,
): Promise<Transfer | undefined> {
  let here = (await handle.stat()).size
  if (archive.bytes !== undefined && here > archive.bytes) {
    await handle.truncate(0)
    here = 0
  }
  if (here > 0 && here === archive.bytes) return undefined
  const validator = here > 0 ? readText(validatorPath(part)) : ''
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (here > 0) headers.range = `bytes=${here}-`
  if (validator) headers['if-range'] = validator
  const response = await ask(archive, { headers, signal })
  if (response.status === 416) return restart('the server has fewer bytes')
  const range = /^bytes (\d+)-\d+\/(\d+|\*)/.exec(response.headers.get('content-range') ?? '')
  const now = validatorOf(response)
  let total = lengthOf(response)
  if (response.status === 206) {
    if (Number(range?.[1]) !== here) return restart('the server sent another range')
    if (validator && now !== validator) return restart('the archive changed meanwhile')
    total = range && range[2] !== '*' ? Number(range[2]) : undefined
  } else {
    await handle.truncate(0)
    here = 0
    await writeFileAtomic(validatorPath(part), now)
  }
  if (archive.bytes !== undefined && total !== undefined && total !== archive.bytes) {
    const message = `the archive there has ${total} bytes, and the one pinned ${archive.bytes}`
    throw failed(archive, message, 'name the address of the archive itself, or another mirror')
  }
  return { here, total: archive.bytes ?? total, body: response.body ?? empty() }
}

async function* empty(): AsyncGenerator<Uint8Array> {}

/** What tells this content from a later one: a strong ETag, else the date of its last change. */
function validatorOf(response: Response): string {
  const etag = response.headers.get('etag') ?? ''
  return /^"/.test(etag) ? etag : (response.headers.get('last-modified') ?? '')
}

function validatorPath(part: string): string {
  return `${part}.validator`
}

/** The size of what is at the address of `archive`, if the server says it. */
export async function remoteBytes(
  archive: PlannedArchive,
  signal: AbortSignal,
): Promise<number | undefined> {
  const headers = { 'accept-encoding': 'identity' }
  const response = await retrying(
    signal,
    () => guarded(signal, (inner) => ask(archive, { method: 'HEAD', headers, signal: inner })),
    (failure) => failed(archive, failure.message, otherWays, failure),
  )
  return lengthOf(response)
}

function lengthOf(response: Response): number | undefined {
  const length = response.headers.get('content-length')
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length)
}

/** `fetch` that rejects for every answer that has no part of the archive in it. */
async function ask(archive: PlannedArchive, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(archive.from, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    const { reason, unreachable } = networkReason(error)
    if (unreachable) throw failed(archive, `cannot be reached (${reason})`, otherWays, error)
    throw new PassingFailure(reason, { cause: error })
  }
  if (response.ok || response.status === 416) return response
  await response.body?.cancel().catch(() => {})
  const { status } = response
  if (status === 429 || status >= 500) throw new PassingFailure(`the server answered ${status}`)
  throw failed(archive, `the server answered ${status}`, otherWays)
}

function tooLong(archive: PlannedArchive, total: number | undefined): LibtorchInstallError {
  return failed(archive, `longer than ${total ?? mostBytes} bytes`, otherWays)
}

function failed(
  { from }: PlannedArchive,
  problem: string,
  hint: string,
  cause?: unknown,
): LibtorchInstallError {
  const message = `${from}: ${problem}`
  return new LibtorchInstallError('LIBTORCH_DOWNLOAD_FAILED', message, { hint, cause })
}
