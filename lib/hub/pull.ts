/** Downloads a model into the shared hub cache; afterwards it loads without a network. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AbortError, AudioLDMError, HubError, InvalidOptionError } from '../errors.js'
import { makeFolder, writeFileAtomic } from '../files/write-file.js'
import { guarded } from '../transfer.js'
import {
  cachedSnapshot,
  cachedTokenizer,
  type HubReference,
  hubCacheDir,
  isCommit,
  isRevision,
  parseHubId,
  repoFolder,
} from './cache.js'
import { licenseOf } from './card.js'
import { type Connection, retryingHub, storedToken } from './connection.js'
import { downloadBlob } from './download.js'
import { type Listing, readListing } from './listing.js'
import { type RepoFile, selectModel, selectTokenizer } from './select.js'
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

type Select = (id: string, files: RepoFile[]) => RepoFile[]

/**
 * Downloads what is missing of model `id` ('org/name' or 'org/name@revision') and checks it against
 * the hub's hashes. An interrupted pull is continued by the next one.
 * @throws InvalidOptionError, HubError, InvalidModelError, OutputError, AbortError
 */
export async function pull(id: string, options: PullOptions = {}): Promise<PullResult> {
  const request = readRequest(id, options)
  if (!request.offline) return pullFiles(request, selectModel, options)
  const path = cachedSnapshot(request.cacheDir, request)
  if (path === undefined) throw offlineError(request)
  return describePulled(request, path)
}

/**
 * The folder of the tokenizer in a model or tokenizer repository, downloaded unless it is here.
 * @throws as `pull`
 */
export async function pullTokenizer(id: string, options: PullOptions = {}): Promise<string> {
  const request = readRequest(id, options)
  const cached = cachedTokenizer(request.cacheDir, request)
  if (cached !== undefined) return cached
  if (request.offline) throw offlineError(request)
  await pullFiles(request, selectTokenizer, options)
  return cachedTokenizer(request.cacheDir, request) as string
}

interface PullRequest extends HubReference {
  cacheDir: string
  /** HF_HUB_OFFLINE is set. */
  offline: boolean
}

function readRequest(id: string, options: PullOptions): PullRequest {
  const reference = parseHubId(id)
  if (!reference) {
    throw new InvalidOptionError('id', `expected a hub id such as org/name, got '${id}'`)
  }
  const revision = options.revision ?? reference.revision
  if (!isRevision(revision)) {
    throw new InvalidOptionError('revision', `'${revision}' is no branch, tag or commit`)
  }
  const offline = /^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? '')
  return { id: reference.id, revision, cacheDir: options.cacheDir ?? hubCacheDir(), offline }
}

async function pullFiles(
  { id, revision, cacheDir }: PullRequest,
  select: Select,
  options: PullOptions,
): Promise<PullResult> {
  const connection: Connection = {
    endpoint: endpointOf(options.endpoint),
    token: options.token ?? storedToken(),
    signal: options.signal,
    id,
    revision,
  }
  try {
    const listing = await retryingHub(connection, id, () =>
      guarded(connection.signal, (signal, alive) => readListing({ ...connection, signal }, alive)),
    )
    const repo = repoFolder(cacheDir, id)
    const files = select(id, listing.files)
    const result = await fetchFiles(connection, repo, listing, files, options.onProgress)
    await pointTo(repo, revision, listing.commit)
    return result
  } catch (error) {
    if (options.signal?.aborted) {
      const { reason } = options.signal
      throw new AbortError(reason, 'the download was aborted; pull again to go on')
    }
    if (error instanceof AudioLDMError) throw error
    throw new HubError('HUB_DOWNLOAD_FAILED', `${id}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

async function fetchFiles(
  connection: Connection,
  repo: string,
  { commit, license }: Listing,
  files: RepoFile[],
  onProgress?: PullOptions['onProgress'],
): Promise<PullResult> {
  const { id, endpoint } = connection
  const blobs = join(repo, 'blobs')
  const snapshot = join(repo, 'snapshots', commit)
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0)
  await makeFolder(blobs)
  await checkSpace(blobs, files)
  const unlock = await lockRepo(repo, id)
  try {
    let before = 0
    let downloadedBytes = 0
    for (const file of files) {
      const url = `${endpoint}/${id}/resolve/${commit}/${encodePath(file.path)}`
      downloadedBytes += await downloadBlob(connection, url, file, blobs, (here) => {
        onProgress?.({ file: file.path, loadedBytes: before + here, totalBytes })
      })
      before += file.size
      await linkInto(join(blobs, file.etag), join(snapshot, file.path))
    }
    const path = snapshot
    return { id, revision: commit, path, license, files: files.length, totalBytes, downloadedBytes }
  } finally {
    await unlock()
  }
}

/**
 * Makes a branch or tag mean `commit`, once its files are here: until then the old ones stay in use.
 * A download without the model does not take the name from one with it.
 */
async function pointTo(repo: string, revision: string, commit: string): Promise<void> {
  if (isCommit(revision)) return
  const ref = join(repo, 'refs', revision)
  const whole = existsSync(join(repo, 'snapshots', commit, 'model_index.json'))
  if (!whole && existsSync(ref)) return
  await makeFolder(dirname(ref))
  await writeFileAtomic(ref, commit)
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function offlineError({ id, cacheDir }: PullRequest): HubError {
  const message = `HF_HUB_OFFLINE is set, and ${id} is not in ${cacheDir}`
  return new HubError('HUB_OFFLINE', message, { hint: 'unset HF_HUB_OFFLINE to download it' })
}

async function describePulled({ id }: PullRequest, path: string): Promise<PullResult> {
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
