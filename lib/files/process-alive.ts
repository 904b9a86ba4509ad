/** Whether a process is still there. */
import { readFileSync } from 'node:fs'

/**
 * Tells a process from a later one that has got its number: when it started, in the system's own
 * unit. Undefined where the system does not say.
 */
export function startOf(pid: number): string | undefined {
  return statusOf(pid)?.start
}

/**
 * Whether process `pid` runs and, if `start` is known, is the one that started then. One that has
 * ended and that its parent never waited for is not alive, although it can be signalled.
 */
export function isAlive(pid: number, start?: string): boolean {
  if (!canBeSignalled(pid)) return false
  const status = statusOf(pid)
  if (status === undefined) return true
  if (status.state === 'Z' || status.state === 'X') return false
  return start === undefined || start === status.start
}

function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** On Linux, unless /proc hides the processes of others. */
function statusOf(pid: number): { state: string; start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, which may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0], start: fields[19] }
  } catch {
    return undefined
  }
}
