/** Runs the compiled command line as a user does: another process, by its exit code and streams. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')
export const cli = join(root, 'dist', 'cli', 'main.js')

export interface Run {
  code: number | null
  /** What ended it, where that was a signal. */
  signal?: NodeJS.Signals
  stdout: string
  stderr: string
}

/** Compiles lib/ when something in it is newer than what was compiled. */
export function compileLibrary(): void {
  const newest = Math.max(
    ...readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => statSync(join(root, 'lib', name)).mtimeMs),
  )
  if (existsSync(cli) && statSync(cli).mtimeMs >= newest) return
  // Type errors are the type check's to report; what was written is what runs.
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: root })
  utimesSync(cli, new Date(), new Date())
}

export function start(args: string[], env: NodeJS.ProcessEnv = {}): [ChildProcess, Promise<Run>] {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env } })
  const run: Run = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    run.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    run.stderr += chunk
  })
  const done = new Promise<Run>((resolve) => {
    child.on('close', (code, signal) => resolve({ ...run, code, signal: signal ?? undefined }))
  })
  return [child, done]
}

export function runCli(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  return start(args, env)[1]
}
