/** Downloads a model into the shared hub cache; afterwards it loads without a network. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AbortError, AudioLDMError, HubError, InvalidOptionError } from '../errors.js'
import { makeFolder, writeFileAtomic } from '../write-file.js'
import {
  cachedSnapshot,
  hubCacheDir,
  isCommit,
  isRevision,
  parseHubId,
  repoFolder,
} from './cache.js'
import { licenseOf } from './card.js'
import {
  type Connection,
  guarded,
  hubFetch,
  readAtMost,
  retrying,
  storedToken,
} from './connection.js'
import { downloadBlob } from './download.js'
import { type RepoFile, selectFiles } from './select.js'
import { checkSpace, linkInto, lockRepo } from './store.js'

export interface PullOptions {
  /** Branch, tag or commit; default 'main'. */
  revision?: string
  /** Default: the cache that Python's tools use (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME). */
  cacheDir?: string
  /** Access token; default: HF_TOKEN or the one stored by `hf auth login`. */
  token?: string
  /** Default: HF_ENDPOINT or the public hub. */
  endpoint?: string
  /** Only these folders of the model, such as ['tokenizer']. Default: the whole model. */
  parts?: string[]
  signal?: AbortSignal
  onProgress?: (progress: PullProgress) => void
}

export interface PullProgress {
  /** The file being fetched, relative to the model's folder. */
  file: string
  /** Bytes of the whole pull that are here, and that there are. */
  loadedBytes: number
  totalBytes: number
}

export interface PullResult {
  id: string
  /** The commit. */
  revision: string
  /** The model's folder, as `loadModel` takes it. */
  path: string
  /** As its card states it, such as 'cc-by-nc-sa-4.0'; null when the card names none. */
  license: string | null
  files: number
  totalBytes: number
  /** Bytes fetched now; the rest was here. */
  downloadedBytes: number
}

const mostFiles = 20_000
const mostRequests = 500
const mostListingBytes = 32 * 2 ** 20

/**
 * Downloads what is missing of model `id` ('org/name' or 'org/name@revision') and checks it against
 * the hub's hashes. An interrupted pull is continued by the next one.
 * @throws InvalidOptionError, HubError, InvalidModelError, OutputError, AbortError
 */
export async function pull(id: string, options: PullOptions = {}): Promise<PullResult> {
  const reference = parseHubId(id)
  if (!reference) {
    throw new InvalidOptionError('id', `expected a hub id such as org/name, got '${id}'`)
  }
  const revision = options.revision ?? reference.revision
  if (!isRevision(revision)) {
    throw new InvalidOptionError('revision', `'${revision}' is no branch, tag or commit`)
  }
  const cacheDir = options.cacheDir ?? hubCacheDir()
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? '')) {
    return pulledBefore(reference.id, revision, cacheDir)
  }
  const connection: Connection = {
    endpoint: endpointOf(options.endpoint),
    token: options.token ?? storedToken(),
    signal: options.signal,
    id: reference.id,
    revision,
  }
  try {
    return await pullOnline(connection, cacheDir, options)
  } catch (error) {
    if (options.signal?.aborted) {
      throw Object.assign(new AbortError('the download was aborted; pull again to go on'), {
        cause: options.signal.reason,
      })
    }
    if (error instanceof AudioLDMError) throw error
    throw new HubError('HUB_DOWNLOAD_FAILED', `${id}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

async function pullOnline(
  connection: Connection,
  cacheDir: string,
  options: PullOptions,
): Promise<PullResult> {
  const { id, revision, endpoint } = connection
  const listing = await retrying(connection, id, () =>
    guarded(connection, (signal, alive) => readListing({ ...connection, signal }, alive)),
  )
  const files = selectFiles(id, listing.files, options.parts)
  const repo = repoFolder(cacheDir, id)
  const blobs = join(repo, 'blobs')
  const snapshot = join(repo, 'snapshots', listing.commit)
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0)
  await makeFolder(blobs)
  await checkSpace(blobs, files)
  const unlock = await lockRepo(repo, id)
  try {
    let before = 0
    let downloadedBytes = 0
    for (const file of files) {
      const url = `${endpoint}/${id}/resolve/${listing.commit}/${encodePath(file.path)}`
      downloadedBytes += await downloadBlob(connection, url, file, blobs, (here) => {
        options.onProgress?.({ file: file.path, loadedBytes: before + here, totalBytes })
      })
      before += file.size
      await linkInto(join(blobs, file.etag), join(snapshot, file.path))
    }
    // The branch points to the new commit only now: until here the old one stays in use.
    if (!options.parts && !isCommit(revision)) {
      const ref = join(repo, 'refs', revision)
      await makeFolder(dirname(ref))
      await writeFileAtomic(ref, listing.commit)
    }
    return {
      id,
      revision: listing.commit,
      path: snapshot,
      license: listing.license,
      files: files.length,
      totalBytes,
      downloadedBytes,
    }
  } finally {
    await unlock()
  }
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

interface Listing {
  commit: string
  license: string | null
  files: RepoFile[]
}

async function readListing(connection: Connection, alive: () => void): Promise<Listing> {
  const { modelInfo, listFiles } = await import('@huggingface/hub')
  let requests = 0
  const request: typeof fetch = async (url, init) => {
    alive()
    if (++requests > mostRequests) throw refused(connection, 'its file list does not end')
    const response = await hubFetch(connection, String(url), init)
    const body = await readAtMost(response, mostListingBytes)
    if (body === undefined) throw refused(connection, 'its file list is too long')
    return new Response(body, { headers: response.headers })
  }
  const common = { hubUrl: connection.endpoint, fetch: request }
  const info = await modelInfo({
    ...common,
    name: connection.id,
    revision: connection.revision,
    additionalFields: ['sha', 'cardData'],
  })
  const commit: unknown = info.sha
  if (typeof commit !== 'string' || !isCommit(commit)) {
    throw refused(connection, 'the hub named no commit for it')
  }
  const files: RepoFile[] = []
  const repo = { type: 'model', name: connection.id } as const
  for await (const entry of listFiles({ ...common, repo, revision: commit, recursive: true })) {
    if (entry.type !== 'file') continue
    if (files.length >= mostFiles) throw refused(connection, `it has more than ${mostFiles} files`)
    files.push(repoFile(connection, entry))
  }
  const license: unknown = info.cardData?.license
  const named = Array.isArray(license) ? license.join(', ') : license
  return { commit, files, license: typeof named === 'string' && named !== '' ? named : null }
}

function repoFile(
  connection: Connection,
  entry: { path: string; size: number; oid?: string; lfs?: { oid: string; size: number } },
): RepoFile {
  const lfs = entry.lfs?.oid?.replace(/^sha256:/, '')
  const size = entry.lfs?.size ?? entry.size
  const sound = typeof entry.path === 'string' && Number.isSafeInteger(size) && size >= 0
  // The hash becomes a file name: it must be one.
  if (sound && lfs !== undefined && /^[0-9a-f]{64}$/.test(lfs)) {
    return { path: entry.path, size, etag: lfs, algorithm: 'sha256' }
  }
  if (sound && lfs === undefined && isCommit(entry.oid ?? '')) {
    return { path: entry.path, size, etag: entry.oid as string, algorithm: 'git' }
  }
  throw refused(connection, `the hub's entry for ${String(entry.path)} makes no sense`)
}

function refused(connection: Connection, reason: string): HubError {
  return new HubError('HUB_DOWNLOAD_FAILED', `${connection.id} cannot be downloaded: ${reason}`, {
    hint: `check what ${connection.endpoint} is`,
  })
}

/** With HF_HUB_OFFLINE set there is nothing to fetch: what is here, or an error. */
async function pulledBefore(id: string, revision: string, cacheDir: string): Promise<PullResult> {
  const path = cachedSnapshot(cacheDir, { id, revision })
  if (path === undefined) {
    const message = `HF_HUB_OFFLINE is set, and ${id} is not in ${cacheDir}`
    throw new HubError('HUB_OFFLINE', message, { hint: 'unset HF_HUB_OFFLINE to download it' })
  }
  let [files, totalBytes] = [0, 0]
  for (const entry of await readdir(path, { recursive: true })) {
    const stats = await stat(join(path, entry)).catch(() => undefined)
    if (!stats?.isFile()) continue
    files++
    totalBytes += stats.size
  }
  const license = await licenseOf(path)
  const commit = basename(path)
  return { id, revision: commit, path, license, files, totalBytes, downloadedBytes: 0 }
}

function endpointOf(option: string | undefined): string {
  const text = option ?? (process.env.HF_ENDPOINT || 'https://huggingface.co')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol)) return text.replace(/\/+$/, '')
  throw new InvalidOptionError('endpoint', `expected an http(s) address, got '${text}'`)
}
