import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HubError, InvalidModelError } from '../errors.js'
import { cachedSnapshot, hubCacheDir, parseHubId } from './cache.js'

/**
 * The local folder of a model: `source` itself when it is a folder, else the pulled copy of the hub
 * id it names ('org/name' or 'org/name@revision'). Never touches the network.
 * @throws InvalidModelError, HubError HUB_NOT_FOUND saying how to pull the model
 */
export async function resolveModel(
  source: string,
  options: { cacheDir?: string } = {},
): Promise<string> {
  const stats = await stat(source).catch(() => undefined)
  if (stats?.isDirectory()) return resolve(source)
  if (stats) {
    throw new InvalidModelError(
      `${source} is a file, and a model is a folder in diffusers' layout`,
      `an original checkpoint becomes one with: audioldm import ${source} FOLDER`,
    )
  }
  const reference = parseHubId(source)
  if (!reference || /^[./~]/.test(source)) {
    throw new InvalidModelError(`there is no folder ${source}`, 'give a model folder or a hub id')
  }
  const cacheDir = options.cacheDir ?? hubCacheDir()
  const snapshot = cachedSnapshot(cacheDir, reference)
  if (snapshot) return snapshot
  throw new HubError(
    'HUB_NOT_FOUND',
    `'${source}' is neither a folder here nor a model pulled into ${cacheDir}`,
    { hint: `download it with: audioldm pull ${source}` },
  )
}
