/**
 * Finds libtorch on this machine by looking at files only: no process is started, no library is
 * opened. The order is documented in docs/architecture.md and is part of the library's promises.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { NativeLoadError } from '../errors.js'
import { list, readText } from '../files/look.js'

export type LibtorchSource =
  | 'option'
  | 'AUDIOLDM_LIBTORCH'
  | 'LIBTORCH'
  | 'python'
  | 'user cache'
  | 'system'

export interface LibtorchFound {
  /** The folder that holds `lib/` (torch's package folder, or an unpacked libtorch archive). */
  root: string
  /** The folder with libtorch_cpu.so, symbolic links resolved. */
  libDir: string
  /** Such as '2.13.0+cu130'. */
  version: string
  /** Whether libtorch_cuda.so lies beside libtorch_cpu.so. */
  cuda: boolean
  source: LibtorchSource
  /** Every place looked at before this one, with what was wrong there. */
  tried: string[]
}

export interface FindLibtorchOptions {
  /** A torch package folder, an unpacked libtorch, its lib folder, a site-packages or a venv. */
  libtorchPath?: string
  /** libtorch minors for which a core was built, such as ['2.13']. Left out: any version. */
  minors?: string[]
  /** Where the search for a project-local `.venv` starts besides this package's own folder. */
  cwd?: string
  env?: NodeJS.ProcessEnv
}

export const defaultMinor = '2.13'
const library = 'libtorch_cpu.so'
const packageRoot = dirname(dirname(__dirname))

interface Candidate {
  path: string
  source: LibtorchSource
  label: string
  /** Named by the user for this library: a problem there is an error, not a reason to go on. */
  strict: boolean
}

/**
 * The first usable libtorch: option, AUDIOLDM_LIBTORCH, LIBTORCH, an active or project-local Python
 * environment, the user cache, the system.
 * @throws NativeLoadError LIBTORCH_NOT_FOUND or LIBTORCH_VERSION, listing what was tried.
 */
export function findLibtorch(options: FindLibtorchOptions = {}): LibtorchFound {
  const minors = options.minors
  const tried: string[] = []
  let wrongVersion = false
  for (const candidate of candidates(options)) {
    const place = inspect(candidate.path)
    const label = candidate.label
    if (!place) {
      tried.push(`${label}: no ${library} there`)
      if (candidate.strict) throw notFound(tried, minors)
      continue
    }
    const version = readVersion(place.root, place.libDir)
    if (minors && minors.length > 0 && !minors.includes(minorOf(version))) {
      tried.push(
        version === 'unknown'
          ? `${label}: libtorch of unknown version (no build-version or version.py)`
          : `${label}: libtorch ${version}, but ${needed(minors)} is needed`,
      )
      wrongVersion = true
      if (candidate.strict) throw versionError(tried, minors)
      continue
    }
    const cuda = existsSync(join(place.libDir, 'libtorch_cuda.so'))
    return { ...place, version, cuda, source: candidate.source, tried }
  }
  throw wrongVersion ? versionError(tried, minors) : notFound(tried, minors)
}

/** '2.13' of '2.13.0+cu130'. */
export function minorOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? ''
}

export function userCache(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'audioldm')
}

function* candidates(options: FindLibtorchOptions): Generator<Candidate> {
  const env = options.env ?? process.env
  const cwd = options.cwd ?? process.cwd()
  if (options.libtorchPath) {
    const path = resolve(cwd, options.libtorchPath)
    yield { path, source: 'option', label: `option libtorchPath: ${path}`, strict: true }
  }
  for (const source of ['AUDIOLDM_LIBTORCH', 'LIBTORCH'] as const) {
    const value = env[source]
    if (!value) continue
    const path = resolve(cwd, value)
    yield { path, source, label: `${source}: ${path}`, strict: source === 'AUDIOLDM_LIBTORCH' }
  }
  for (const { path, label } of pythonEnvironments(cwd, env)) {
    yield { path, source: 'python', label: `${label}: ${path}`, strict: false }
  }
  const cache = join(userCache(env), 'libtorch')
  // What is being installed or removed has a hidden name.
  const cached = list(cache)
    .filter((name) => !name.startsWith('.'))
    .sort(newestFirst)
  for (const name of cached.length > 0 ? cached : ['']) {
    const path = join(cache, name)
    yield { path, source: 'user cache', label: `user cache: ${path}`, strict: false }
  }
  for (const path of ['/usr/lib', '/usr/lib/x86_64-linux-gnu', '/usr/local/lib', '/opt/libtorch']) {
    yield { path, source: 'system', label: `system: ${path}`, strict: false }
  }
}

function pythonEnvironments(
  cwd: string,
  env: NodeJS.ProcessEnv,
): { path: string; label: string }[] {
  const found = new Map<string, string>()
  const add = (path: string, label: string) => {
    if (!found.has(path)) found.set(path, label)
  }
  if (env.VIRTUAL_ENV) add(resolve(env.VIRTUAL_ENV), 'VIRTUAL_ENV')
  if (env.CONDA_PREFIX) add(resolve(env.CONDA_PREFIX), 'CONDA_PREFIX')
  for (const start of [cwd, packageRoot]) {
    for (const folder of upwards(resolve(start))) {
      const path = join(folder, '.venv')
      if (existsSync(path) && trusted(folder, path)) add(path, 'project')
    }
  }
  if (![...found.values()].includes('project')) add(join(resolve(cwd), '.venv'), 'project')
  return [...found].map(([path, label]) => ({ path, label }))
}

function* upwards(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at
    if (dirname(at) === at) return
  }
}

/** In a folder everyone may write to, such as /tmp, only our own or root's `.venv` counts. */
function trusted(folder: string, path: string): boolean {
  try {
    if ((statSync(folder).mode & 0o002) === 0) return true
    const owner = statSync(path).uid
    return owner === 0 || owner === process.getuid?.()
  } catch {
    return false
  }
}

/** The libtorch in, at or right above `path`, whichever of the usual forms the path has. */
function inspect(path: string): { root: string; libDir: string } | undefined {
  const roots = [path, join(path, 'torch'), join(path, 'libtorch')]
  for (const lib of ['lib', 'lib64']) {
    for (const name of list(join(path, lib))) {
      if (/^python3\.\d+t?$/.test(name)) roots.push(join(path, lib, name, 'site-packages', 'torch'))
    }
  }
  for (const root of roots) {
    if (existsSync(join(root, 'lib', library))) return resolved(root, join(root, 'lib'))
  }
  if (!existsSync(join(path, library))) return undefined
  return resolved(basename(path) === 'lib' ? dirname(path) : path, path)
}

/** libtorch_cpu.so's own folder: its neighbours must be found beside the file itself. */
function resolved(root: string, libDir: string): { root: string; libDir: string } {
  return { root, libDir: dirname(realpathSync(join(libDir, library))) }
}

function readVersion(root: string, libDir: string): string {
  // A root reached through links (a Python package folder never is) may lack the files libDir has.
  for (const folder of new Set([root, dirname(libDir)])) {
    const plain = readText(join(folder, 'build-version')).trim()
    if (/^\d+\.\d+/.test(plain)) return plain
    const python = /^__version__(?:\s*:[^=]*)?\s*=\s*['"](\d+\.[^'"]+)['"]/m
    const package_ = python.exec(readText(join(folder, 'version.py')))
    if (package_?.[1]) return package_[1]
    for (const cmake of ['share/cmake/Torch', 'lib/cmake/Torch']) {
      const text = readText(join(folder, cmake, 'TorchConfigVersion.cmake'))
      const set = /set\(PACKAGE_VERSION "(\d+\.[^"]+)"\)/.exec(text)
      if (set?.[1]) return set[1]
    }
  }
  return 'unknown'
}

function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true })
}

function needed(minors: string[]): string {
  return `libtorch ${minors.map((minor) => `${minor}.x`).join(' or ')}`
}

function installHint(minors: string[] | undefined): string {
  const minor = minors?.[0] ?? defaultMinor
  return (
    'install it: npx audioldm libtorch install\n' +
    `or beside your project: python3 -m venv .venv && .venv/bin/pip install torch==${minor}.0\n` +
    'or set AUDIOLDM_LIBTORCH to the folder of an installed torch package or an unpacked libtorch'
  )
}

function notFound(tried: string[], minors: string[] | undefined): NativeLoadError {
  const message = 'libtorch was not found. Looked at:'
  return new NativeLoadError('LIBTORCH_NOT_FOUND', message, tried, installHint(minors))
}

function versionError(tried: string[], minors: string[] | undefined): NativeLoadError {
  const message = `no libtorch of a fitting version: this build runs on ${needed(minors ?? [])}. Looked at:`
  return new NativeLoadError('LIBTORCH_VERSION', message, tried, installHint(minors))
}
