/** Files that keep two processes from doing the same work at once. */
import { open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { outputError } from './write-file.js'

const heartbeatMs = 10_000
const staleMs = 60_000

export interface FileLock {
  release(): Promise<void>
}

/**
 * Takes the lock, or says who holds it. One whose process has ended, or that was not refreshed for a
 * minute, is taken over. @throws OutputError where the file cannot be made
 */
export async function lockFile(path: string): Promise<FileLock | { holder: string }> {
  if (!(await create(path))) {
    const holder = await liveHolder(path)
    if (holder !== undefined) return { holder }
    await rm(path, { force: true })
    if (!(await create(path))) return { holder: 'another' }
  }
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, heartbeatMs)
  beat.unref()
  return {
    release: async () => {
      clearInterval(beat)
      await rm(path, { force: true })
    },
  }
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx')
    await file.writeFile(`${process.pid} ${hostname()}`)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw outputError(path, error)
  }
}

async function liveHolder(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined)
  if (!stats || Date.now() - stats.mtimeMs > staleMs) return undefined
  const [pid, host] = (await readFile(path, 'utf8').catch(() => '')).split(' ')
  if (host === hostname() && !isAlive(Number(pid))) return undefined
  return `${pid} on ${host}`
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
