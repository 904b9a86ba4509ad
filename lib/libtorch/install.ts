/** libtorch without Python: the official archive, checked, into the place where the loader looks. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LibtorchInstallError, NativeLoadError, OutputError } from '../errors.js'
import { requireSpace } from '../files/free-space.js'
import { makeFolder, outputError, writeFileAtomic } from '../files/write-file.js'
import { Job, type JobControl } from '../job.js'
import { findLibtorch, minorOf } from '../native/libtorch.js'
import { supportedMinors } from '../native/load.js'
import { discardPart, downloadArchive, remoteBytes } from './download.js'
import type { InstallLibtorchOptions } from './options.js'
import { type InstallPlan, type PlannedArchive, planInstall } from './plan.js'
import {
  downloadsDir,
  hiddenName,
  type InstalledLibtorch,
  isInstalled,
  libtorchDir,
  listInstalled,
  lockStore,
  recordFile,
  sweep,
} from './store.js'
import { type LibtorchArchive, openArchive } from './unpack.js'

export type InstallLibtorchEvent =
  /** What will be fetched, before anything is. `bytes` is null where the server does not say. */
  | { type: 'plan'; archives: PlannedDownload[]; bytes: number | null; dir: string }
  /** `total` is null where it is not known. */
  | { type: 'step'; stage: InstallStage; archive: string; bytes: number; total: number | null }

export type InstallStage = 'download' | 'check' | 'unpack'

export interface PlannedDownload {
  /** File name. */
  archive: string
  /** An http(s) address, or the path of a file that is here. */
  from: string
  bytes: number | null
  sha256: string
  licence: string
}

export interface InstallLibtorchResult extends InstalledLibtorch {
  /** Bytes fetched now; 0 where it was installed already, or from files. */
  downloadedBytes: number
  alreadyInstalled: boolean
}

type Control = JobControl<InstallLibtorchEvent>

const spaceHint = 'free some space, or set XDG_CACHE_HOME to a folder on another disk'

/**
 * Fetches, checks and unpacks libtorch into the user's cache, where `loadModel` finds it. Nothing is
 * there before all of it is; a download that was cut off is continued by the next run.
 *
 * The job rejects with InvalidOptionError, LibtorchInstallError, NativeLoadError, OutputError or
 * AbortError.
 */
export function installLibtorch(
  options: InstallLibtorchOptions = {},
): Job<InstallLibtorchEvent, InstallLibtorchResult> {
  const plan = planInstall(options)
  return new Job((control) => installPlanned(plan, control), options.signal)
}

/** @internal */
export async function installPlanned(
  plan: InstallPlan,
  control: Control,
): Promise<InstallLibtorchResult> {
  const dir = libtorchDir()
  const sizes: (number | undefined)[] = []
  for (const archive of plan.archives) sizes.push(await bytesOf(archive, control.signal))
  announce(plan, sizes, dir, control)
  const unlock = await lockStore(dir)
  try {
    const present = await installedAs(plan, dir)
    if (present) return { ...present, downloadedBytes: 0, alreadyInstalled: true }
    await sweep(dir)
    await requireSpace(dir, neededBytes(plan, sizes), 'downloaded', spaceHint)
    return await install(plan, dir, control)
  } finally {
    await unlock()
  }
}

async function bytesOf(archive: PlannedArchive, signal: AbortSignal): Promise<number | undefined> {
  if (!isRemote(archive)) return (await stat(archive.from)).size
  return archive.bytes ?? (await remoteBytes(archive, signal))
}

function announce(
  { archives }: InstallPlan,
  sizes: (number | undefined)[],
  dir: string,
  { emit }: Control,
): void {
  const known = sizes.filter((bytes) => bytes !== undefined)
  emit({
    type: 'plan',
    archives: archives.map(({ name, from, sha256, licence }, i) => ({
      archive: name,
      from,
      bytes: sizes[i] ?? null,
      sha256,
      licence,
    })),
    bytes: known.length < sizes.length ? null : known.reduce((sum, bytes) => sum + bytes, 0),
    dir,
  })
}

/** The installation of the same archive, if it is there. */
async function installedAs(
  { archives, version }: InstallPlan,
  dir: string,
): Promise<InstalledLibtorch | undefined> {
  const installed = await listInstalled(dir)
  const same = installed.find((each) => each.archives[0]?.sha256 === archives[0].sha256)
  if (!same && version !== undefined) refuseOther(dir, version)
  return same
}

function refuseOther(dir: string, version: string): void {
  if (!isInstalled(dir, version)) return
  const path = join(dir, version)
  throw new OutputError(`cannot write ${path}: another archive is unpacked there`, {
    hint: `remove it first: audioldm libtorch remove ${version}`,
  })
}

async function install(
  plan: InstallPlan,
  dir: string,
  control: Control,
): Promise<InstallLibtorchResult> {
  const staging = hiddenName(dir, 'install')
  const opened: LibtorchArchive[] = []
  let downloadedBytes = 0
  try {
    const files: string[] = []
    for (const archive of plan.archives) {
      const file = await obtain(archive, dir, control)
      downloadedBytes += file.downloadedBytes
      files.push(file.path)
    }
    for (const [i, { name }] of plan.archives.entries()) {
      opened.push(await openArchive(files[i], name))
    }
    await unpack(plan, opened, staging, dir, control)
    const record = await Promise.all(
      plan.archives.map(async ({ from, sha256 }, i) => {
        return { from, sha256, bytes: (await stat(files[i])).size }
      }),
    )
    const version = checkVersion(plan.archives[0], staging)
    await writeFileAtomic(join(staging, recordFile), JSON.stringify({ archives: record }, null, 2))
    control.signal.throwIfAborted()
    refuseOther(dir, version)
    await rename(staging, join(dir, version)).catch((error) => {
      throw outputError(join(dir, version), error)
    })
    for (const archive of plan.archives) await discardPart(partOf(archive, dir))
    const installed = await listInstalled(dir)
    const result = installed.find((each) => each.version === version) as InstalledLibtorch
    return { ...result, downloadedBytes, alreadyInstalled: false }
  } finally {
    for (const archive of opened) archive.close()
    await rm(staging, { recursive: true, force: true })
  }
}

/** Of the downloads and what is in them, both of which lie on the disk for a while. */
function neededBytes(
  { archives, unpackedBytes = 0 }: InstallPlan,
  sizes: (number | undefined)[],
): number {
  const fetched = sizes.filter((_, i) => isRemote(archives[i]))
  return fetched.reduce<number>((sum, bytes = 0) => sum + bytes, unpackedBytes)
}

/** The archive as a file that has the right hash. */
async function obtain(
  archive: PlannedArchive,
  dir: string,
  control: Control,
): Promise<{ path: string; downloadedBytes: number }> {
  if (!isRemote(archive)) {
    const actual = await hashOf(archive, archive.from, control)
    if (actual === archive.sha256) return { path: archive.from, downloadedBytes: 0 }
    throw new LibtorchInstallError('INVALID_LIBTORCH', otherHash(archive, actual), {
      hint: 'fetch it again; of another archive that you trust, give the hash with --sha256',
    })
  }
  const path = partOf(archive, dir)
  let downloadedBytes = await download(archive, path, control)
  let actual = await hashOf(archive, path, control)
  if (actual !== archive.sha256 && downloadedBytes < (await stat(path)).size) {
    // What an earlier run left may be what is wrong: once more from the start.
    await discardPart(path)
    downloadedBytes += await download(archive, path, control)
    actual = await hashOf(archive, path, control)
  }
  if (actual === archive.sha256) return { path, downloadedBytes }
  await discardPart(path)
  throw new LibtorchInstallError('LIBTORCH_DOWNLOAD_FAILED', otherHash(archive, actual), {
    hint: 'try again; if it repeats, the server or a proxy on the way has another file',
  })
}

function download(archive: PlannedArchive, path: string, control: Control): Promise<number> {
  const { name } = archive
  return downloadArchive(archive, path, control.signal, (bytes, total) =>
    control.emit({ type: 'step', stage: 'download', archive: name, bytes, total: total ?? null }),
  )
}

function otherHash({ from, sha256 }: PlannedArchive, actual: string): string {
  return `${from}: its SHA-256 is ${actual}, and ${sha256} was expected`
}

async function hashOf(
  { name }: PlannedArchive,
  path: string,
  { emit, signal }: Control,
): Promise<string> {
  const hash = createHash('sha256')
  const total = (await stat(path)).size
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk)
    bytes += chunk.length
    emit({ type: 'step', stage: 'check', archive: name, bytes, total })
  }
  return hash.digest('hex')
}

async function unpack(
  { archives }: InstallPlan,
  opened: LibtorchArchive[],
  staging: string,
  dir: string,
  { emit, signal }: Control,
): Promise<void> {
  const { name } = archives[0]
  if (!opened[0].names.some((each) => each.endsWith('/lib/libtorch_cpu.so'))) {
    throw new LibtorchInstallError(
      'INVALID_LIBTORCH',
      `${name}: there is no libtorch_cpu.so in it`,
      {
        hint: 'take the libtorch archive of PyTorch for Linux, with shared libraries',
      },
    )
  }
  const total = opened.reduce((sum, { bytes }) => sum + bytes, 0)
  await requireSpace(dir, total, 'unpacked', spaceHint)
  await makeFolder(staging)
  let before = 0
  for (const [i, archive] of opened.entries()) {
    await archive.unpack(staging, signal, (written) =>
      emit({
        type: 'step',
        stage: 'unpack',
        archive: archives[i].name,
        bytes: before + written,
        total,
      }),
    )
    before += archive.bytes
  }
}

/** The version of what was unpacked, which becomes the name of its folder. */
function checkVersion({ name }: PlannedArchive, staging: string): string {
  const { version } = findLibtorch({ libtorchPath: staging })
  if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) {
    throw new LibtorchInstallError('INVALID_LIBTORCH', `${name}: it does not say its version`)
  }
  const minors = supportedMinors()
  if (minors.includes(minorOf(version))) return version
  throw new NativeLoadError(
    'LIBTORCH_VERSION',
    `${name}: it is libtorch ${version}, and this build runs on ${minors.join(' or ')}`,
    [],
    'take the archive of that version',
  )
}

function partOf({ sha256 }: PlannedArchive, dir: string): string {
  return join(downloadsDir(dir), `${sha256}.part`)
}

function isRemote({ from }: PlannedArchive): boolean {
  return /^https?:\/\//i.test(from)
}
