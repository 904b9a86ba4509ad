import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Runs a Python script beside the tests: JSON in on stdin, JSON out on stdout. */
export function runPython<T>(script: string, input: unknown): T {
  const root = join(__dirname, '../..')
  const python = process.env.AUDIOLDM_PYTHON ?? join(root, '.venv/bin/python')
  const output = execFileSync(python, [join(root, 'test', script)], {
    input: JSON.stringify(input),
    maxBuffer: 256 << 20,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return JSON.parse(output.toString('utf8')) as T
}
