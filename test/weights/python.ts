import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')

/** Runs a helper script of `test/weights/python` in the project's Python and gives its output. */
export function python(script: string, ...args: string[]): string {
  return execFileSync(
    join(root, '.venv', 'bin', 'python'),
    [join(__dirname, 'python', script), ...args],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' },
    },
  )
}
