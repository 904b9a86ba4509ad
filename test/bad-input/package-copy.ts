/** A package of its own, in which parts can be missing or broken. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')

/**
 * Lays out the package in `folder`: what Node and the loader look for beside a module is copied,
 * because both follow links; the rest is linked.
 */
export function copyPackage(folder: string): string {
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'dist', 'archives']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  for (const name of ['node_modules', 'build', 'models']) {
    symlinkSync(join(root, name), join(folder, name))
  }
  return folder
}
