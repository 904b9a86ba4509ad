/** A user's cache of its own for every test of a file, and what has to be true of it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { AudioLDMError } from '../../lib/errors.js'
import { installLibtorch } from '../../lib/libtorch/install.js'
import type { InstallLibtorchOptions } from '../../lib/libtorch/options.js'

export interface TestCache {
  /** For files of the test. */
  work: string
  /** Where installations go. */
  dir: string
}

export function testCache(): TestCache {
  const cache: TestCache = { work: '', dir: '' }
  const environment = { ...process.env }
  beforeEach(() => {
    cache.work = mkdtempSync(join(tmpdir(), 'audioldm-libtorch-'))
    cache.dir = join(cache.work, 'cache/audioldm/libtorch')
    process.env.XDG_CACHE_HOME = join(cache.work, 'cache')
    delete process.env.AUDIOLDM_LIBTORCH_MIRROR
  })
  afterEach(() => {
    process.env = { ...environment }
    rmSync(cache.work, { recursive: true, force: true })
  })
  return cache
}

/** How the installation fails. Then there is nothing that the loader could find. */
export async function refusal(
  options: InstallLibtorchOptions,
  { dir }: TestCache,
): Promise<AudioLDMError> {
  const error = await rejection(installLibtorch(options))
  expect(visible(dir)).toEqual([])
  return error
}

export async function rejection(job: PromiseLike<unknown>): Promise<AudioLDMError> {
  const error = await job.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AudioLDMError)
  return error as AudioLDMError
}

/** Names in the cache, but for those that a download leaves on purpose. */
export function visible(dir: string): string[] {
  return readdirSync(dir).filter((name) => name !== '.downloads')
}
