/**
 * The hub cache that Python's tools share: models--ORG--NAME/{refs,snapshots,blobs}. Only reading
 * and naming; `pull` writes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else below ~/.cache. */
export function hubCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const direct = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE
  return direct ? resolve(expandHome(direct)) : join(hubHome(env), 'hub')
}

/** The folder that holds the cache and the token of `hf auth login`. */
export function hubHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.HF_HOME) return resolve(expandHome(env.HF_HOME))
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
}

export function repoFolder(cacheDir: string, id: string): string {
  return join(cacheDir, `models--${id.replaceAll('/', '--')}`)
}

export interface HubReference {
  id: string
  /** Branch, tag or commit. */
  revision: string
}

const idPattern = /^[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9][\w.-]{0,95})?$/
const revisionPattern = /^[A-Za-z0-9][\w./-]{0,199}$/

/** 'org/name' or 'org/name@revision'; undefined when `text` cannot be a hub id. */
export function parseHubId(text: string): HubReference | undefined {
  const at = text.indexOf('@')
  const id = at < 0 ? text : text.slice(0, at)
  const revision = at < 0 ? 'main' : text.slice(at + 1)
  if (!idPattern.test(id) || id.includes('--') || id.includes('..')) return undefined
  return isRevision(revision) ? { id, revision } : undefined
}

export function isRevision(revision: string): boolean {
  return revisionPattern.test(revision) && !/\.\.|\/\/|\/$/.test(revision)
}

export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/**
 * The folder of a pulled model, or undefined. `pull` places model_index.json last, so a snapshot
 * that has it is whole.
 */
export function cachedSnapshot(cacheDir: string, reference: HubReference): string | undefined {
  const snapshot = snapshotFolder(cacheDir, reference)
  return snapshot && existsSync(join(snapshot, 'model_index.json')) ? snapshot : undefined
}

/** The folder of a pulled tokenizer: a model's tokenizer/ or the snapshot itself. */
export function cachedTokenizer(cacheDir: string, reference: HubReference): string | undefined {
  const snapshot = snapshotFolder(cacheDir, reference)
  return snapshot && tokenizerIn(snapshot)
}

/** `folder`, or tokenizer/ in it: whichever holds a tokenizer. */
export function tokenizerIn(folder: string): string | undefined {
  return [join(folder, 'tokenizer'), folder].find(
    (place) =>
      existsSync(join(place, 'tokenizer.json')) ||
      (existsSync(join(place, 'vocab.json')) && existsSync(join(place, 'merges.txt'))),
  )
}

function snapshotFolder(cacheDir: string, { id, revision }: HubReference): string | undefined {
  const repo = repoFolder(cacheDir, id)
  const commit = isCommit(revision) ? revision : readRef(join(repo, 'refs', revision))
  return commit && join(repo, 'snapshots', commit)
}

/** Every pulled AudioLDM pipeline in the cache. */
export function cachedModels(cacheDir: string): { id: string; path: string }[] {
  const models: { id: string; path: string }[] = []
  for (const name of list(cacheDir)) {
    if (!name.startsWith('models--')) continue
    const id = name.slice('models--'.length).split('--').join('/')
    const path = cachedSnapshot(cacheDir, { id, revision: 'main' })
    if (path && isAudioLDM(path)) models.push({ id, path })
  }
  return models.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function isAudioLDM(snapshot: string): boolean {
  try {
    return /"_class_name"\s*:\s*"AudioLDMPipeline"/.test(
      readFileSync(join(snapshot, 'model_index.json'), 'utf8'),
    )
  } catch {
    return false
  }
}

function readRef(path: string): string | undefined {
  try {
    const commit = readFileSync(path, 'utf8').trim()
    return isCommit(commit) ? commit : undefined
  } catch {
    return undefined
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function expandHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir())
}
