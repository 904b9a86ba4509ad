/** Where the package keeps what it ships. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const packageRoot = join(__dirname, '..', '..')

/** TorchScript archives. Electron's packed archives are unpacked beside, for native code. */
export function archivesDir(): string {
  return join(unpacked(packageRoot), 'archives')
}

/** The model that comes with the package. */
export function defaultModelDir(): string {
  return join(unpacked(packageRoot), 'models', 'default')
}

/** The small classifiers that come with it, for scores without any other weights. */
export function defaultClassifier(name: 'cnn14-16k' | 'vggish'): string {
  return join(defaultModelDir(), 'classifiers', `${name}.safetensors`)
}

/** The program of the threads that read sound files, compiled: also for those who run lib/. */
export function readerWorkerPath(): string {
  return join(unpacked(packageRoot), 'dist', 'audio', 'reader-worker.js')
}

/** What `audioldm serve` hands out, compiled: also for those who run lib/. */
export function pageDir(): string {
  return join(packageRoot, 'dist', 'page')
}

let version: string | undefined

export function packageVersion(): string {
  version ??= JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version as string
  return version
}

function unpacked(path: string): string {
  return path.replace(/\.asar(?=[\\/]|$)/, '.asar.unpacked')
}
