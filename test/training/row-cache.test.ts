/** Rows on disk survive whatever ends the process that writes them. */
import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { afterAll, expect, test } from 'vitest'
import { loadNative } from '../../lib/native/load.js'
import { RowCache } from '../../lib/training/data/row-cache.js'
import { scratch } from './fixture.js'

const work = scratch()
const { core } = loadNative({ cuda: false })
afterAll(work.remove)

const signal = new AbortController().signal
const nobody = (holder: string) => expect.unreachable(`waits for ${holder}`)
const key = (name: string) => createHash('sha256').update(name).digest('hex')
const row = (name: string, value: number) => ({
  key: key(name),
  data: Float32Array.of(value, value + 0.25, value + 0.5),
})

async function opened(name: string, lock = true): Promise<RowCache> {
  const rows = new RowCache(work.in(name), [3])
  await rows.open()
  if (lock) await rows.lock(signal, nobody)
  return rows
}

function contents(rows: RowCache): number[] {
  const tensor = rows.tensor(core.NativeTensor)
  const data = [...(tensor.data() as Float32Array)]
  tensor.dispose()
  return data
}

test('rows are found again, as numbers and as a tensor', async () => {
  const first = await opened('plain')
  await first.append([row('a', 1), row('b', 2)])
  await first.append([row('c', 3)])
  await first.close()
  const second = await opened('plain', false)
  expect(['a', 'b', 'c', 'd'].map((name) => second.find(key(name)))).toEqual([0, 1, 2, undefined])
  expect(contents(second)).toEqual([1, 1.25, 1.5, 2, 2.25, 2.5, 3, 3.25, 3.5])
  const one = second.rowTensor(core.NativeTensor, 1)
  expect([one.shape, [...(one.data() as Float32Array)]]).toEqual([[3], [2, 2.25, 2.5]])
  one.dispose()
})

test.each([
  [
    'a row without its key',
    (path: string) => appendFileSync(`${path}/rows.f32`, Buffer.alloc(12, 1)),
  ],
  ['half a row', (path: string) => appendFileSync(`${path}/rows.f32`, Buffer.alloc(5, 1))],
  ['half a key', (path: string) => appendFileSync(`${path}/index`, Buffer.alloc(9, 1))],
])('%s, left by a crash, is written over', async (what, damage) => {
  const name = what.replaceAll(' ', '-')
  const first = await opened(name)
  await first.append([row('a', 1)])
  await first.close()
  damage(work.in(name))
  const second = await opened(name)
  expect(second.find(key('a'))).toBe(0)
  await second.append([row('b', 2)])
  await second.close()
  expect(readFileSync(work.in(name, 'index'))).toHaveLength(64)
  expect(readFileSync(work.in(name, 'rows.f32'))).toHaveLength(24)
  expect(contents(await opened(name, false))).toEqual([1, 1.25, 1.5, 2, 2.25, 2.5])
})

test('keys whose rows are lost do not count', async () => {
  const first = await opened('lost')
  await first.append([row('a', 1), row('b', 2)])
  await first.close()
  truncateSync(work.in('lost', 'rows.f32'), 20)
  const second = await opened('lost')
  expect([second.find(key('a')), second.find(key('b'))]).toEqual([0, undefined])
  await second.append([row('b', 5)])
  await second.close()
  expect(contents(await opened('lost', false))).toEqual([1, 1.25, 1.5, 5, 5.25, 5.5])
})

test('one writes at a time; who waits finds what the other wrote', async () => {
  const first = await opened('shared')
  const second = await opened('shared', false)
  const holders: string[] = []
  const waiting = second.lock(signal, (holder) => holders.push(holder))
  await first.append([row('a', 1)])
  expect(second.find(key('a'))).toBe(undefined)
  await first.close()
  await waiting
  expect(holders).toEqual([`process ${process.pid} on ${hostname()}`])
  expect(second.find(key('a'))).toBe(0)
  await second.close()
})

test('the lock of a process that has ended is taken over, and waiting can be aborted', async () => {
  const rows = await opened('dead', false)
  // No process has this number: it is above Linux's largest.
  writeFileSync(work.in('dead', 'lock'), `4194305 ${hostname()}`)
  await rows.lock(signal, nobody)
  const stop = new AbortController()
  const other = await opened('dead', false)
  const waiting = other.lock(stop.signal, () => stop.abort(new Error('enough')))
  await expect(waiting).rejects.toThrow('enough')
  await rows.close()
})

test('a row of another length is refused and nothing written', async () => {
  const rows = await opened('length')
  const short = { key: key('a'), data: Float32Array.of(1, 2) }
  await expect(rows.append([short])).rejects.toThrow('do not make a row of [3]')
  await rows.append([row('b', 1)])
  await rows.close()
  expect(contents(await opened('length', false))).toEqual([1, 1.25, 1.5])
})
