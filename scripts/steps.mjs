// What the scripts share: running commands, skipping what is up to date, saying what happens.

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the repository with its output shown; returns the exit status. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  if (result.error) console.error(`${command}: ${result.error.message}`)
  return result.status ?? 1
}

/** The same while other things run: a promise of the exit status. */
export function start(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    })
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(1)
    })
    child.on('close', (status) => resolve(status ?? 1))
  })
}

/** What a command prints, or undefined when it cannot run or fails. */
export function output(command, args, env = {}) {
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } }
  const result = spawnSync(command, args, options)
  return result.status === 0 ? result.stdout : undefined
}

export function fail(message) {
  console.error(`setup: ${message}`)
  process.exit(1)
}

/**
 * Describes a result: its name, and a hash over the inputs (files and folders) and other facts it
 * depends on. A fact of false means that the result is missing.
 */
export function stampOf(name, inputs, facts) {
  const hash = createHash('sha256')
  for (const file of inputs.flatMap((input) => listFiles(join(root, input)))) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  hash.update(JSON.stringify(Array.isArray(facts) ? facts : []))
  return {
    file: join(root, 'build', 'stamps', name),
    hash: hash.digest('hex'),
    missing: facts === false,
  }
}

let running = 0
let failure

/**
 * Does `action` unless its stamp says it was done; `action` returns an exit status. Steps may run side
 * by side: when one fails, the process ends as soon as none runs any more.
 */
export async function step(title, stamp, action) {
  const done = existsSync(stamp.file) && readFileSync(stamp.file, 'utf8') === stamp.hash
  if (done && !stamp.missing) {
    console.error(`setup: ${title}: up to date`)
    return
  }
  console.error(`setup: ${title} …`)
  const started = Date.now()
  running += 1
  const status = (await action()) ?? 0
  running -= 1
  if (status === 0) {
    mkdirSync(dirname(stamp.file), { recursive: true })
    writeFileSync(stamp.file, stamp.hash)
    console.error(`setup: ${title}: done in ${((Date.now() - started) / 1000).toFixed(0)} s`)
  } else {
    failure ??= `${title} failed (exit status ${status}); the messages above say why`
  }
  if (failure && running === 0) fail(failure)
  if (failure) await new Promise(() => {}) // a step that still runs ends the process
}

export function listFiles(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => name !== '__pycache__')
    .sort()
    .flatMap((name) => listFiles(join(path, name)))
}
