/** The package as its users get it: packed, and installed in an empty folder. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findLibtorch } from '../../lib/native/libtorch.js'

export const root = join(__dirname, '..', '..')

export interface Packed {
  path: string
  /** Paths of its files, relative to the package. */
  files: string[]
  size: number
  unpackedSize: number
}

export interface Ran {
  status: number | null
  stdout: string
  stderr: string
}

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'audioldm-package-'))
  readonly packed: Packed

  /** Packs with the binaries of build/Release, and installs without running any script. */
  constructor(alongside: string[]) {
    execFileSync('node', ['scripts/prebuildify.mjs'], { cwd: root })
    this.packed = pack(this.folder)
    writeFileSync(join(this.folder, 'package.json'), '{ "name": "project", "private": true }\n')
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
    execFileSync('npm', ['install', ...flags, this.packed.path, ...alongside], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  /** The installed package. */
  get installed(): string {
    return join(this.folder, 'node_modules', 'audioldm')
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
  }

  /** Runs a program in the project; all it knows of this repository is where libtorch is. */
  run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Ran {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        AUDIOLDM_LIBTORCH: findLibtorch().root,
        OMP_WAIT_POLICY: 'PASSIVE',
        ...env,
      },
    })
    return { status, stdout, stderr }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function pack(destination: string): Packed {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination]
  const stdout = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ filename, files, size, unpackedSize }] = JSON.parse(stdout)
  const names = files.map((file: { path: string }) => file.path)
  return { path: join(destination, filename), files: names, size, unpackedSize }
}
