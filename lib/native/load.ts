/** Opens libtorch and the core, once per environment, and explains precisely why when it cannot. */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { NativeLoadError } from '../errors.js'
import type { CoreBinding, LoaderBinding } from './binding.js'
import { defaultMinor, findLibtorch, type LibtorchFound } from './libtorch.js'

export interface NativeCore {
  core: CoreBinding
  libtorch: LibtorchFound
  loaderPath: string
  corePath: string
  /** Whether libtorch_cuda.so was opened; if not, why. */
  cuda: { opened: boolean; problem?: string }
}

export interface LoadNativeOptions {
  libtorchPath?: string
  /** false: leave CUDA alone even where it is there; saves 265 MB of memory. */
  cuda?: boolean
}

const packageRoot = join(__dirname, '..', '..')
const requireHere = createRequire(__filename)

let loaded: NativeCore | undefined

/**
 * @throws NativeLoadError ADDON_NOT_BUILT, LIBTORCH_NOT_FOUND, LIBTORCH_VERSION, ADDON_LOAD_FAILED
 */
export function loadNative(options: LoadNativeOptions = {}): NativeCore {
  if (loaded !== undefined) return sameLibtorch(loaded, options.libtorchPath)
  const loaderPath = findLoader()
  const folder = dirname(loaderPath)
  const cores = listCores(folder)
  const libtorch = findLibtorch({ libtorchPath: options.libtorchPath, minors: [...cores.keys()] })
  const minor = libtorch.version.split('.').slice(0, 2).join('.')
  const corePath = join(folder, cores.get(minor) as string)

  let loader: LoaderBinding
  try {
    loader = requireHere(loaderPath) as LoaderBinding
  } catch (error) {
    throw loadFailure(`the addon ${loaderPath} cannot be loaded`, error)
  }
  // The CUDA hooks of libtorch are looked up once and remembered: its CUDA half is opened now or
  // never in this process.
  const problem = cudaProblem(loader, libtorch, options.cuda !== false)
  const libraries = [join(libtorch.libDir, 'libtorch_cpu.so')]
  if (problem === undefined) libraries.push(join(libtorch.libDir, 'libtorch_cuda.so'))
  try {
    const core = loader.load(libraries, corePath)
    // process.exit() and uncaught errors run libtorch's static destructors without ending the
    // environment first: an engine at work would compute on what they destroy.
    process.once('exit', () => core.shutdown())
    loaded = {
      core,
      libtorch,
      loaderPath,
      corePath,
      cuda: { opened: problem === undefined, problem },
    }
  } catch (error) {
    throw loadFailure(`libtorch ${libtorch.version} in ${libtorch.libDir} cannot be loaded`, error)
  }
  return loaded
}

/** A process has one libtorch: a wish for another one cannot be met, and must not pass silently. */
function sameLibtorch(core: NativeCore, wanted: string | undefined): NativeCore {
  const found = wanted === undefined ? core.libtorch : findLibtorch({ libtorchPath: wanted })
  if (found.libDir === core.libtorch.libDir) return core
  throw new NativeLoadError(
    'ADDON_LOAD_FAILED',
    `libtorchPath: this process runs on the libtorch in ${core.libtorch.libDir} already`,
    [`asked for: ${found.libDir}`],
    'give the same libtorchPath everywhere, or start another process',
  )
}

/** The loader's file: a local build, or the prebuilt one for this platform. */
export function findLoader(): string {
  try {
    const path = (requireHere('node-gyp-build') as { path(dir: string): string }).path(packageRoot)
    // dlopen knows nothing of Electron's archives; the unpacked copy lies beside them.
    return path.replace(/\.asar([\\/])/, '.asar.unpacked$1')
  } catch (cause) {
    throw new NativeLoadError(
      'ADDON_NOT_BUILT',
      `no native addon for ${process.platform}-${process.arch} was found in ${packageRoot}`,
      [(cause as Error).message.split('\n')[0]],
      'prebuilt addons exist for linux-x64; in a clone of the repository run: npm run setup',
    )
  }
}

/** libtorch minor → file name of the core built for it, in the loader's folder. */
export function listCores(folder: string): Map<string, string> {
  const cores = new Map<string, string>()
  if (existsSync(folder)) {
    for (const name of readdirSync(folder)) {
      const match = /^libaudioldm_core-(\d+\.\d+)\.so$/.exec(name)
      if (match) cores.set(match[1], name)
    }
  }
  if (cores.size === 0) {
    throw new NativeLoadError(
      'ADDON_NOT_BUILT',
      `no libaudioldm_core-*.so lies beside the addon in ${folder}`,
      [],
      'run: npm run setup',
    )
  }
  return cores
}

/** The libtorch minors that this installation runs on; the default one while no core is built. */
export function supportedMinors(): string[] {
  try {
    return [...listCores(dirname(findLoader())).keys()]
  } catch {
    return [defaultMinor]
  }
}

function cudaProblem(
  loader: LoaderBinding,
  libtorch: LibtorchFound,
  wanted: boolean,
): string | undefined {
  if (!wanted) return 'not asked for: the first model of this process was loaded for the CPU'
  if (!libtorch.cuda) return `libtorch ${libtorch.version} in ${libtorch.libDir} has no CUDA half`
  const driver = loader.cudaDriverProblem()
  return driver === null ? undefined : `no NVIDIA driver: ${driver}`
}

function loadFailure(message: string, error: unknown): NativeLoadError {
  const reason = error instanceof Error ? error.message : String(error)
  return new NativeLoadError(
    'ADDON_LOAD_FAILED',
    message,
    [reason],
    'run: npx audioldm doctor, which shows what was found and what is missing',
  )
}
