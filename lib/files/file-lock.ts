/** Files that keep two processes from doing the same work at once. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, lstat, open, readFile, rm, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isAlive, startOf } from './process-alive.js'
import { outputError } from './write-file.js'

const heartbeatMs = 10_000
const staleMs = 60_000

export interface FileLock {
  release(): Promise<void>
}

/**
 * Takes the lock, or says who holds it. One whose process has ended, or that was not refreshed for a
 * minute, is taken over, by one process alone. @throws OutputError where the file cannot be made
 */
export async function lockFile(path: string): Promise<FileLock | { holder: string }> {
  const own = [process.pid, hostname(), startOf(process.pid) ?? '', randomBytes(4).toString('hex')]
  const text = own.join(' ')
  while (!(await create(path, text))) {
    const found = await inspect(path)
    if (typeof found === 'object') return found
    if (found === 'gone') continue
    const busy = await removeStale(path)
    if (busy) return busy
  }
  return hold(path, text)
}

/**
 * Under a lock of its own: of two that find the same lock stale, the slower would else remove what
 * the faster has just made in its place. Who has that lock is about to take this one.
 */
async function removeStale(path: string): Promise<{ holder: string } | undefined> {
  const turn = await lockFile(`${path}.stale`)
  if ('holder' in turn) return turn
  try {
    if ((await inspect(path)) === 'stale') await rm(path, { force: true })
  } catch (error) {
    throw outputError(path, error)
  } finally {
    await turn.release()
  }
  return undefined
}

function hold(path: string, text: string): FileLock {
  // After a pause of more than a minute, as of a laptop, it may be another's by now.
  const isOwn = async () => (await readFile(path, 'utf8').catch(() => '')) === text
  const beat = setInterval(async () => {
    const now = new Date()
    if (await isOwn()) utimes(path, now, now).catch(() => {})
  }, heartbeatMs)
  beat.unref()
  return {
    release: async () => {
      clearInterval(beat)
      if (await isOwn()) await rm(path, { force: true })
    },
  }
}

async function create(path: string, text: string): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw outputError(path, error)
  }
  try {
    await file.writeFile(text)
    return true
  } catch (error) {
    await rm(path, { force: true })
    throw outputError(path, error)
  } finally {
    await file.close()
  }
}

async function inspect(path: string): Promise<'gone' | 'stale' | { holder: string }> {
  const stats = await lstat(path).catch(() => undefined)
  if (!stats) return 'gone'
  if (Date.now() - stats.mtimeMs > staleMs) return 'stale'
  const text = await readFile(path, 'utf8').catch(() => '')
  const [, pid, host, start] = /^([1-9]\d*) (\S+)(?: (\d+))?/.exec(text) ?? []
  // Just made, and not yet written.
  if (pid === undefined) return { holder: 'another process' }
  if (host === hostname() && !isAlive(Number(pid), start)) return 'stale'
  return { holder: `process ${pid} on ${host}` }
}
