/** What the hub says about a model: checked, since names and hashes become paths. */
import { HubError } from '../errors.js'
import { isCommit } from './cache.js'
import { type Connection, hubFetch, readAtMost } from './connection.js'
import type { RepoFile } from './select.js'

const mostFiles = 20_000
const mostRequests = 500
const mostListingBytes = 32 * 2 ** 20

export interface Listing {
  commit: string
  license: string | null
  files: RepoFile[]
}

/**
 * Asks the hub for the commit of a revision, its files and the licence its card states.
 * @throws HubError, PassingFailure
 */
export async function readListing(connection: Connection, alive: () => void): Promise<Listing> {
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
