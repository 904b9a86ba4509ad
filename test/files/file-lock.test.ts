/** One process at a time, and none that is gone. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { OutputError } from '../../lib/errors.js'
import { type FileLock, lockFile } from '../../lib/files/file-lock.js'
import { isAlive } from '../../lib/files/process-alive.js'
import { compileLibrary } from '../cli/run-cli.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-locks-'))
beforeAll(compileLibrary)
afterAll(() => rmSync(work, { recursive: true }))

const script = join(__dirname, 'scripts', 'take.cjs')
const children: ChildProcess[] = []
const holders: number[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const pid of holders.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
})

/** Of a process that has ended: its number is above Linux's largest. */
const stale = `4194305 ${hostname()}`
const pidIn = (path: string) => Number(readFileSync(path, 'utf8').split(' ')[0])

async function taken(path: string): Promise<FileLock> {
  const lock = await lockFile(path)
  if ('release' in lock) return lock
  return expect.unreachable(`${path} is held by ${lock.holder}`)
}

/** A process that has the lock, as a child of `parent`. */
async function holder(path: string, ...parent: string[]): Promise<number> {
  const [command, ...args] = [...parent, process.execPath, script, path]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  expect(String(await once(child.stdout, 'data'))).toContain('has it')
  holders.push(pidIn(path))
  return pidIn(path)
}

/** Its letter in `man 5 proc`. */
function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0]
}

async function comesTo(pid: number, state: string): Promise<void> {
  await expect.poll(() => stateOf(pid), { interval: 5, timeout: 5000 }).toBe(state)
}

test('one has it at a time', async () => {
  const path = join(work, 'plain')
  const lock = await taken(path)
  expect(await lockFile(path)).toEqual({ holder: `process ${process.pid} on ${hostname()}` })
  await lock.release()
  await (await taken(path)).release()
  const pid = await holder(path)
  expect(await lockFile(path)).toEqual({ holder: `process ${pid} on ${hostname()}` })
  process.kill(pid, 'SIGSTOP')
  await comesTo(pid, 'T')
  expect(await lockFile(path)).toEqual({ holder: `process ${pid} on ${hostname()}` })
})

test('of a killed process that its parent does not wait for', async () => {
  const path = join(work, 'zombie')
  // The shell starts the holder and becomes a program that never waits.
  const pid = await holder(path, 'sh', '-c', '"$0" "$@" & exec sleep 600')
  expect(await lockFile(path)).toEqual({ holder: `process ${pid} on ${hostname()}` })
  process.kill(pid, 'SIGKILL')
  await comesTo(pid, 'Z')
  await (await taken(path)).release()
  expect(stateOf(pid)).toBe('Z')
})

test('of a killed process whose number another has got', async () => {
  const path = join(work, 'reused')
  const pid = await holder(path)
  process.kill(pid, 'SIGKILL')
  await once(children[0], 'exit')
  writeFileSync(path, readFileSync(path, 'utf8').replace(String(pid), String(process.pid)))
  await (await taken(path)).release()
})

test('of those that find it stale at once, one gets it', async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(work, `here-${round}`)
    writeFileSync(path, stale)
    const locks = await Promise.all(Array.from({ length: 8 }, () => lockFile(path)))
    expect(locks.filter((lock) => 'release' in lock)).toHaveLength(1)
    for (const lock of locks) if ('release' in lock) await lock.release()
  }
  expect(readdirSync(work).filter((name) => name.startsWith('here'))).toEqual([])
})

test('of processes that find it stale at once, one gets it', async () => {
  const paths = Array.from({ length: 40 }, (_, i) => join(work, `there-${i}`))
  for (const path of paths) writeFileSync(path, stale)
  const start = String(Date.now() + 3000)
  const got = Array.from({ length: 3 }, async () => {
    const child = spawn(process.execPath, [script, start, '20', ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    expect((await once(child, 'close'))[0]).toBe(0)
    return text.trim().split('\n').filter(Boolean).map(Number)
  })
  const rounds = (await Promise.all(got)).flat().sort((a, b) => a - b)
  expect(rounds).toEqual(paths.map((_, i) => i))
})

test('who was killed while taking over is in nobody’s way', async () => {
  const path = join(work, 'twice')
  writeFileSync(path, stale)
  writeFileSync(`${path}.stale`, stale)
  await (await taken(path)).release()
  expect(readdirSync(work).filter((name) => name.startsWith('twice'))).toEqual([])
})

test('who lost it to another does not release the other’s', async () => {
  const path = join(work, 'lost')
  const lock = await taken(path)
  rmSync(path)
  const other = await taken(path)
  await lock.release()
  expect(pidIn(path)).toBe(process.pid)
  await other.release()
})

test('what is in its place is named', async () => {
  const path = join(work, 'folder')
  mkdirSync(path)
  const error = await lockFile(join(path, 'no', 'lock')).catch((reason) => reason)
  expect(error).toBeInstanceOf(OutputError)
  expect(error.message).toContain(join(path, 'no', 'lock'))
})
