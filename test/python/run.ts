/** Python scripts beside the tests: references, and files that Python libraries write. */
import { execFileSync } from 'node:child_process'
import { delimiter, join } from 'node:path'

const root = join(__dirname, '..', '..')
export const python = process.env.AUDIOLDM_PYTHON ?? join(root, '.venv', 'bin', 'python')

/**
 * Tests run side by side and their tensors are small: threads that spin would take the cores from
 * each other. Scripts that gain from threads ask for them.
 */
export function pythonEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PYTHONPATH: [join(root, 'export'), process.env.PYTHONPATH].filter(Boolean).join(delimiter),
    OMP_NUM_THREADS: '1',
    OMP_WAIT_POLICY: 'PASSIVE',
    HF_HUB_OFFLINE: '1',
  }
}

/** Runs a script, named by its path below test/, and gives what it prints. */
export function runPython(script: string, args: string[] = [], input = ''): string {
  const runner = join(__dirname, 'run.py')
  const command = ['-W', 'ignore', runner, join(root, 'test', script), ...args]
  return execFileSync(python, command, {
    input,
    env: pythonEnv(),
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** The same for a script that reads JSON and prints JSON. */
export function askPython<T>(script: string, input: unknown): T {
  return JSON.parse(runPython(script, [], JSON.stringify(input))) as T
}
