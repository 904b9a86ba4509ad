/** Runs a script of ./scripts on the compiled library in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  seconds: number
}

export function startScript(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): [ChildProcess, Promise<Ended>] {
  const [script, ...rest] = args
  const started = performance.now()
  const child = spawn(
    process.execPath,
    ['--expose-gc', join(__dirname, 'scripts', script), ...rest],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      const seconds = (performance.now() - started) / 1000
      resolve({ code, signal, stdout, stderr, seconds })
    })
  })
  return [child, ended]
}

export async function runScript(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return startScript(args, env)[1]
}

/** No crash left its mark: not the kernel's, Node's, libstdc++'s or libtorch's. */
export function expectNoCrash({ stderr, signal }: Ended): void {
  expect(signal).toBe(null)
  expect(stderr).not.toMatch(
    /segmentation|fatal|core dumped|terminate called|abort(ed)?\b|c10::|napi_|\bfree\(\)|corrupt/i,
  )
}
