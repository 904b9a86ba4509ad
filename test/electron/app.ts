/** The example, laid out as electron-builder lays an app out: an archive, and what it leaves outside. */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createPackageWithOptions, extractFile, listPackage, statFile } from '@electron/asar'
import { findLoader } from '../../lib/native/load.js'

export const root = join(__dirname, '..', '..')
export const example = join(root, 'examples', 'electron')

/** The app before it is packed: the example's own files, and the packages that it needs. */
export function layOut(folder: string): string {
  const app = join(folder, 'app')
  cpSync(example, app, { recursive: true, filter: (path) => !/node_modules|README/.test(path) })
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  for (const [path, entry] of Object.entries<{ dev?: boolean }>(lock.packages)) {
    if (path === '' || entry.dev || !existsSync(join(root, path))) continue
    cpSync(join(root, path), join(app, path), { recursive: true })
  }
  const own = join(app, 'node_modules', 'audioldm')
  for (const name of ['package.json', 'dist', 'archives', 'models/default']) {
    cpSync(join(root, name), join(own, name), { recursive: true })
  }
  const prebuilds = join(own, 'prebuilds', 'linux-x64')
  mkdirSync(prebuilds, { recursive: true })
  const loader = findLoader()
  cpSync(loader, join(prebuilds, 'audioldm.glibc.node'))
  const core = 'libaudioldm_core-2.13.so'
  cpSync(join(dirname(loader), core), join(prebuilds, core))
  return app
}

/** Packs with the example's own settings; gives the path of the archive. */
export async function pack(app: string, folder: string): Promise<string> {
  const { build } = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8'))
  const archive = join(folder, 'packed', 'app.asar')
  // electron-builder matches these patterns against paths in the app, asar against whole paths.
  const patterns: string[] = build.asarUnpack.map((pattern: string) => join(app, pattern))
  const unpack = patterns.length > 1 ? `{${patterns.join(',')}}` : patterns[0]
  await createPackageWithOptions(app, archive, { unpack })
  return archive
}

/** Opened by native code, or in a thread of its own: not through the fs that Electron has a hand in. */
const openedElsewhere = /\.(node|so|pt|graph|safetensors)$|reader-worker\.js$/

/**
 * The archive as a folder of its name, for a Node that cannot read archives. JavaScript reads there
 * what Electron gives it: also what is unpacked. Native code finds names and no content, as dlopen() and
 * open() would find less than that in Electron.
 */
export function mount(archive: string, folder: string): string {
  const mounted = join(folder, 'resources', 'app.asar')
  for (const listed of listPackage(archive, { isPack: false })) {
    const path = listed.slice(1)
    const entry = statFile(archive, path, false)
    const target = join(mounted, path)
    mkdirSync('files' in entry ? target : dirname(target), { recursive: true })
    if ('files' in entry) continue
    if (openedElsewhere.test(path)) writeFileSync(target, 'only Electron sees this')
    else writeFileSync(target, extractFile(archive, path, false))
  }
  cpSync(`${archive}.unpacked`, `${mounted}.unpacked`, { recursive: true })
  return mounted
}

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export async function runNode(
  args: string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, env })
  const ended = { stdout: '', stderr: '' }
  child.stdout.on('data', (data) => {
    ended.stdout += data
  })
  child.stderr.on('data', (data) => {
    ended.stderr += data
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...ended }
}
