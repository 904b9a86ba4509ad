/** From options to the archives that an installation is made of, before anything is fetched. */
import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { abortSignal, expecting, parseOptions } from '../options.js'
import type { InstallLibtorchOptions } from './options.js'
import { type PinnedArchive, type PinnedLibtorch, pinnedLibtorch } from './pins.js'

export interface PlannedArchive {
  /** File name. */
  name: string
  /** An http(s) address, or the path of a file that is here. */
  from: string
  sha256: string
  /** Undefined where only the server knows. */
  bytes?: number
  licence: string
}

export interface InstallPlan {
  /** libtorch itself first. */
  archives: PlannedArchive[]
  /** Of the libtorch, where it is the pinned one. */
  version?: string
  /** Undefined until the archive is here. */
  unpackedBytes?: number
}

const address = expecting('an http(s) address')

const schema = z.strictObject({
  from: z.string(expecting('an address, a file or a folder')).min(1).optional(),
  cuda: z.boolean(expecting('true or false')).optional(),
  sha256: z
    .string(expecting('64 hexadecimal digits'))
    .regex(/^[0-9a-f]{64}$/i, expecting('64 hexadecimal digits'))
    .toLowerCase()
    .optional(),
  mirror: z
    .string(address)
    .regex(/^https?:\/\/[^/]/i, address)
    .optional(),
  signal: abortSignal.optional(),
})

const unknownLicence = 'see the archive; PyTorch is BSD-3-Clause'

/** @throws InvalidOptionError */
export function planInstall(given: InstallLibtorchOptions): InstallPlan {
  const options = parseOptions(schema, given)
  const { cuda = false, sha256 } = options
  const pinned = pinnedLibtorch(cuda ? 'cuda' : 'cpu')
  const source = readSource(options.from)
  const [main, ...rest] = (pinned?.archives ?? []).map((archive) => ({
    ...archive,
    name: fileName(archive),
    from: addressOf(archive, options.mirror ?? mirrorOfEnvironment()),
  }))
  const others = rest.map((archive) => located(archive, source))
  if (main && (sha256 === undefined || sha256 === main.sha256)) {
    const { version, unpackedBytes } = pinned as PinnedLibtorch
    return { version, unpackedBytes, archives: [located(main, source, true), ...others] }
  }
  return { archives: [unpinned(main, source, sha256), ...others] }
}

type Source = { kind: 'address' | 'file' | 'folder'; place: string } | undefined

function readSource(from: string | undefined): Source {
  if (from === undefined) return undefined
  if (/^https?:\/\//i.test(from)) {
    if (!URL.canParse(from)) throw new InvalidOptionError('from', `'${from}' is no address`)
    return { kind: 'address', place: from }
  }
  const place = from.startsWith('file:') ? fileURLToPath(from) : resolve(from)
  const stats = statSync(place, { throwIfNoEntry: false })
  if (!stats) {
    throw new InvalidOptionError('from', `there is no such file or folder: ${place}`)
  }
  return { kind: stats.isDirectory() ? 'folder' : 'file', place }
}

/** Where a pinned archive is to be taken from. */
function located(archive: PlannedArchive, source: Source, main = false): PlannedArchive {
  const { name, sha256, bytes, licence } = archive
  let { from } = archive
  if (source?.kind === 'folder') from = inFolder(source.place, name)
  else if (source && main) from = source.place
  return { name, from, sha256, bytes, licence }
}

/** A libtorch archive that only the caller's hash vouches for. */
function unpinned(
  main: PlannedArchive | undefined,
  source: Source,
  sha256: string | undefined,
): PlannedArchive {
  if (sha256 === undefined || (!source && !main)) {
    throw new InvalidOptionError(
      sha256 === undefined ? 'sha256' : 'from',
      `no libtorch is pinned for ${process.platform}-${process.arch}`,
      'give the archive with `from` and its hash with `sha256` (--from and --sha256)',
    )
  }
  const licence = unknownLicence
  if (!source) return { ...(main as PlannedArchive), sha256, bytes: undefined, licence }
  if (source.kind === 'folder') {
    const from = inFolder(source.place, main?.name ?? 'libtorch.zip')
    return { name: basename(from), from, sha256, licence }
  }
  const path = source.kind === 'address' ? new URL(source.place).pathname : source.place
  return { name: decodeURIComponent(basename(path)), from: source.place, sha256, licence }
}

/** As a browser names what it saved, or as wget does. */
function inFolder(folder: string, name: string): string {
  const names = [name, name.replaceAll('+', '%2B')]
  const found = names.map((each) => join(folder, each)).find((path) => existsSync(path))
  if (found) return found
  throw new InvalidOptionError('from', `there is no ${name} in ${folder}`)
}

function fileName({ path }: PinnedArchive): string {
  return decodeURIComponent(basename(path))
}

function addressOf({ host, path }: PinnedArchive, mirror: string | undefined): string {
  return `${(mirror ?? host).replace(/\/+$/, '')}/${path}`
}

function mirrorOfEnvironment(): string | undefined {
  const variable = 'AUDIOLDM_LIBTORCH_MIRROR'
  const mirror = process.env[variable]
  if (!mirror || /^https?:\/\/[^/]/i.test(mirror)) return mirror || undefined
  throw new InvalidOptionError(variable, `expected an http(s) address, got '${mirror}'`)
}
