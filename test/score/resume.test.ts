/** Work that was done is not done again, however a run ended. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AbortError } from '../../lib/errors.js'
import { score } from '../../lib/score/score.js'
import { compileLibrary, start } from '../cli/run-cli.js'
import { narrowWeights, scratch, writeSounds } from './fixture.js'

const work = scratch()
const count = 24
let generated: string
let reference: string

beforeAll(() => {
  compileLibrary()
  generated = writeSounds(work.path, 'generated', count)
  reference = writeSounds(work.path, 'reference', count, 1.3)
})
afterAll(work.remove)

const options = (cache: string) => ({
  ...{ generated, reference, ...narrowWeights(), device: 'cpu', threads: 1 },
  ...{ metrics: ['fd', 'fad'] as const, cacheDir: join(work.path, cache) },
})

const entries = (cache: string) => {
  try {
    const names = readdirSync(join(work.path, cache), { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.features')).length
  } catch {
    return 0
  }
}

test('a second run computes nothing', async () => {
  const first = await score(options('twice'))
  expect(first.features).toEqual({ computed: 4 * count, cached: 0 })
  const second = await score(options('twice'))
  expect(second.features).toEqual({ computed: 0, cached: 4 * count })
  expect(second.metrics).toEqual(first.metrics)
})

test('a run that was killed goes on where it was', async () => {
  const { panns, vggish } = narrowWeights()
  const args = ['score', generated, reference, '--panns', panns, '--vggish', vggish, '--json']
  const flags = ['--metrics', 'fd,fad', '--threads', '1', '--device', 'cpu']
  const cache = ['--cache-dir', join(work.path, 'killed')]
  const [child, ended] = start([...args, ...flags, ...cache])
  while (entries('killed') < 10) await sleep(5)
  child.kill('SIGKILL')
  await ended
  expect(child.signalCode).toBe('SIGKILL')
  const kept = entries('killed')
  expect(kept).toBeLessThan(4 * count)

  const again = await score(options('killed'))
  expect(again.features).toEqual({ computed: 4 * count - kept, cached: kept })
  const fresh = await score({ ...options('killed'), cacheDir: null })
  expect(again.metrics).toEqual(fresh.metrics)
})

test('an aborted run stops at once and keeps what it did', async () => {
  const controller = new AbortController()
  const job = score({ ...options('aborted'), signal: controller.signal })
  const failure = (async () => {
    for await (const event of job) {
      if (event.type === 'step' && event.done >= 5) controller.abort('enough')
    }
  })()
  await expect(failure).rejects.toThrow(AbortError)
  const kept = entries('aborted')
  expect(kept).toBeGreaterThanOrEqual(5)
  expect(kept).toBeLessThan(4 * count)
  const again = await score(options('aborted'))
  expect(again.features).toEqual({ computed: 4 * count - kept, cached: kept })
})

test('another protocol, other weights or a changed file are computed anew', async () => {
  const changing = writeSounds(work.path, 'changing', 3)
  const base = { ...options('stale'), generated: changing, reference: changing }
  expect((await score(base)).features).toEqual({ computed: 6, cached: 6 })
  expect((await score({ ...base, mono: 'mean' })).features.computed).toBe(6)
  expect((await score({ ...base, resampler: 'kaiser-fast' })).features.computed).toBe(6)
  rmSync(changing, { recursive: true })
  writeSounds(work.path, 'changing', 3, 1.7)
  expect((await score(base)).features.computed).toBe(6)
})
