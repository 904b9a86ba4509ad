import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** AUDIOLDM_CACHE/training, else audioldm/training in XDG_CACHE_HOME or ~/.cache. */
export function defaultTrainingCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.AUDIOLDM_CACHE) return join(resolve(env.AUDIOLDM_CACHE), 'training')
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'audioldm', 'training')
}
