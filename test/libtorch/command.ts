/** Runs the command line of the package in `folder`, with nothing in the environment but `env`. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export function runFrom(folder: string, args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, [join(folder, 'dist/cli/main.js'), ...args], {
    cwd: folder,
    env,
  })
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk
  })
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...ended, code }))
  })
}
