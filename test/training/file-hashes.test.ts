import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { FileHashes } from '../../lib/training/data/file-hashes.js'
import { scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const unread = () => expect.unreachable('the file is read again')

/** Long ago, so that its time of change says something. */
function write(name: string, text: string, seconds: number): string {
  const path = work.in(name)
  writeFileSync(path, text)
  utimesSync(path, seconds, seconds)
  return path
}

test('a file is read once, also by a later process', async () => {
  const path = write('a', 'content', 1000)
  const memo = work.in('memo', 'hashes.jsonl')
  const hashes = new FileHashes(memo)
  expect(await hashes.of(path)).toBe(sha256('content'))
  expect(await hashes.of(path, unread)).toBe(sha256('content'))
  expect(await new FileHashes(memo).of(path, unread)).toBe(sha256('content'))
})

test('and again when it has changed', async () => {
  const memo = work.in('changed.jsonl')
  const path = write('b', 'content', 1000)
  await new FileHashes(memo).of(path)
  write('b', 'another', 1001)
  expect(await new FileHashes(memo).of(path)).toBe(sha256('another'))
  write('b', 'longer than it was', 1001)
  expect(await new FileHashes(memo).of(path)).toBe(sha256('longer than it was'))
})

test('what was written just now may change within the same instant, and is not remembered', async () => {
  const path = work.in('now')
  writeFileSync(path, 'content')
  const memo = work.in('now.jsonl')
  expect(await new FileHashes(memo).of(path)).toBe(sha256('content'))
  expect(await new FileHashes(memo).of(path, async () => 'read')).toBe('read')
})

test('a memo that is damaged or cannot be written costs time, not the work', async () => {
  const path = write('c', 'content', 1000)
  const memo = work.in('torn.jsonl')
  await new FileHashes(memo).of(path)
  const line = readFileSync(memo, 'utf8')
  rmSync(memo)
  appendFileSync(memo, `${line.slice(0, -20)}\nnonsense\n{"path":1}`)
  expect(await new FileHashes(memo).of(path)).toBe(sha256('content'))
  expect(await new FileHashes(memo).of(path, unread)).toBe(sha256('content'))
  expect(await new FileHashes('/dev/null/memo').of(path)).toBe(sha256('content'))
})

test('a file that is not there', async () => {
  await expect(new FileHashes(null).of(work.in('none'))).rejects.toMatchObject({ code: 'ENOENT' })
})
