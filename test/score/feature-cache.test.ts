import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { OutputError } from '../../lib/errors.js'
import {
  defaultFeatureCacheDir,
  FeatureCache,
  type StoredFeatures,
} from '../../lib/score/features/feature-cache.js'
import { scratchFolder } from '../weights/scratch.js'

const folder = scratchFolder()
let count = 0
const newDir = () => join(folder, `cache-${++count}`)
const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const content = sha('clip')
const protocol = sha('protocol')

function features(seed = 1): StoredFeatures {
  const numbers = (n: number) =>
    Float32Array.from({ length: n }, (_, i) => Math.sin(seed * i + 0.1))
  return {
    embedding: { data: numbers(2 * 128), shape: [2, 128] },
    logits: { data: numbers(5), shape: [5] },
    durationSeconds: 1.9375,
    sampleRate: 44100,
    channels: 2,
  }
}

function entries(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  return names.map((name) => join(dir, name)).filter((path) => statSync(path).isFile())
}

test('gives back what was put, for these hashes and no others', async () => {
  const dir = newDir()
  const cache = new FeatureCache(dir)
  expect(await cache.get(content, protocol)).toBeUndefined()
  await cache.put(content, protocol, features())
  expect(await cache.get(content, protocol)).toEqual(features())
  const { logits: _, ...withoutLogits } = features(2)
  await cache.put(content, sha('other'), withoutLogits)
  expect(await new FeatureCache(dir).get(content, sha('other'))).toEqual(withoutLogits)
  expect(await cache.get(content, protocol)).toEqual(features())
  expect(await cache.get(sha('other clip'), protocol)).toBeUndefined()
  expect(await cache.get(protocol, content)).toBeUndefined()
  for (const path of entries(dir))
    expect(path).toMatch(/\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.features$/)
})

test('a part of a larger array is stored as that part', async () => {
  const cache = new FeatureCache(newDir())
  const all = Float32Array.from({ length: 100 }, (_, i) => i)
  const embedding = { data: all.subarray(7, 10), shape: [3] }
  await cache.put(content, protocol, { ...features(), embedding })
  expect((await cache.get(content, protocol))?.embedding.data).toEqual(Float32Array.of(7, 8, 9))
})

test('an entry that is cut, changed, grown, foreign or no file is a miss and is written again', async () => {
  const dir = newDir()
  const cache = new FeatureCache(dir)
  await cache.put(content, protocol, features())
  const [path] = entries(dir)
  const whole = readFileSync(path)
  const damaged: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('ALDMFEAT'),
    Buffer.concat([whole, whole]),
  ]
  for (let at = 0; at < whole.length; at += 37) {
    const changed = Buffer.from(whole)
    changed[at] ^= 1
    damaged.push(changed, whole.subarray(0, at))
  }
  const foreign = newDir()
  await new FeatureCache(foreign).put(sha('other clip'), protocol, features())
  damaged.push(readFileSync(entries(foreign)[0]))
  for (const bytes of damaged) {
    writeFileSync(path, bytes)
    expect(await cache.get(content, protocol)).toBeUndefined()
  }
  await cache.put(content, protocol, features())
  expect(await cache.get(content, protocol)).toEqual(features())
  expect(entries(dir)).toEqual([path])
})

test('a header that claims more than there is, correctly sealed, is a miss', async () => {
  const dir = newDir()
  const cache = new FeatureCache(dir)
  await cache.put(content, protocol, features())
  const [path] = entries(dir)
  const body = readFileSync(path).subarray(0, -32)
  for (const [from, to] of [
    ['[2,128]', '[9,128]'],
    ['[2,128]', '[1,128]'],
    ['[2,128]', '[1e9,9]'],
    ['[2,128]', '[-2,-9]'],
    ['[2,128]', 'null   '],
  ]) {
    const changed = Buffer.from(
      body.toString('latin1').replace(from, to.padEnd(from.length)),
      'latin1',
    )
    expect(changed.equals(body)).toBe(false)
    writeFileSync(path, Buffer.concat([changed, createHash('sha256').update(changed).digest()]))
    expect(await cache.get(content, protocol)).toBeUndefined()
  }
})

test('many writers and readers of one entry see it whole or not at all', async () => {
  const dir = newDir()
  const problems: OutputError[] = []
  const report = (error: OutputError) => problems.push(error)
  const caches = Array.from({ length: 8 }, () => new FeatureCache(dir, report))
  const work = caches.flatMap((cache) =>
    Array.from({ length: 20 }, async () => {
      await cache.put(content, protocol, features())
      expect(await cache.get(content, protocol)).toEqual(features())
    }),
  )
  await Promise.all(work)
  expect(problems).toEqual([])
  expect(entries(dir)).toHaveLength(1)
})

test('a cache that cannot be written reports it once and the work goes on', async () => {
  const occupied = join(folder, 'a-file')
  writeFileSync(occupied, '')
  const problems: OutputError[] = []
  const cache = new FeatureCache(join(occupied, 'cache'), (error) => problems.push(error))
  for (const name of ['a', 'b']) await cache.put(sha(name), protocol, features())
  expect(await cache.get(sha('a'), protocol)).toBeUndefined()
  expect(problems).toHaveLength(1)
  expect(problems[0]).toBeInstanceOf(OutputError)
  expect(problems[0].message).toContain(occupied)
})

test('a folder where an entry should be', async () => {
  const dir = newDir()
  await new FeatureCache(dir).put(content, protocol, features())
  const name = entries(dir)[0].slice(dir.length)
  const other = newDir()
  mkdirSync(join(other, name), { recursive: true })
  const problems: OutputError[] = []
  const cache = new FeatureCache(other, (error) => problems.push(error))
  expect(await cache.get(content, protocol)).toBeUndefined()
  await cache.put(content, protocol, features())
  expect(problems).toHaveLength(1)
  expect(readdirSync(dirname(join(other, name)))).toHaveLength(1)
})

test('without a folder nothing is stored', async () => {
  const cache = new FeatureCache(null)
  await cache.put(content, protocol, features())
  expect(await cache.get(content, protocol)).toBeUndefined()
})

test('hashes are hashes: nothing else becomes a path', async () => {
  const cache = new FeatureCache(newDir())
  for (const bad of ['', '../../etc/passwd', content.toUpperCase(), `${content}/`]) {
    await expect(cache.get(bad, protocol)).rejects.toThrow(TypeError)
    await expect(cache.put(content, bad, features())).rejects.toThrow(TypeError)
  }
})

test('numbers that do not make their shape are the caller’s mistake', async () => {
  const embedding = { data: new Float32Array(3), shape: [2, 2] }
  const put = new FeatureCache(newDir()).put(content, protocol, { ...features(), embedding })
  await expect(put).rejects.toThrow('3 numbers')
})

test('the default folder', () => {
  expect(defaultFeatureCacheDir({ AUDIOLDM_CACHE: '/a' })).toBe('/a/features')
  expect(defaultFeatureCacheDir({ XDG_CACHE_HOME: '/x' })).toBe('/x/audioldm/features')
  expect(defaultFeatureCacheDir({})).toMatch(/\/\.cache\/audioldm\/features$/)
})
