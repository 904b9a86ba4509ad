import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { copyPackage } from '../bad-input/package-copy.js'
import { compileLibrary } from '../cli/run-cli.js'
import { ArchiveServer } from './archive-server.js'
import { runFrom } from './command.js'
import { makeZip, type Zip, type ZipEntry } from './zip.js'

const archivePath = 'libtorch/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip'
let work: string
let server: ArchiveServer
let zip: Zip
beforeAll(async () => {
  compileLibrary()
  work = realpathSync(mkdtempSync(join(tmpdir(), 'audioldm-no-python-')))
  copyPackage(join(work, 'package'))
  server = await ArchiveServer.start()
  zip = makeZip(realLibraries())
  server.add(archivePath, zip)
})
afterAll(async () => {
  await server.stop()
  rmSync(work, { recursive: true, force: true })
})

/**
 * The CPU half of the libtorch that is here, stored as it is. Of the build for CUDA, libtorch_cpu.so
 * needs two of NVIDIA's libraries, and finds them in the layout of an installation for CUDA.
 */
function realLibraries(): ZipEntry[] {
  const { libDir, version } = findLibtorch()
  const own = ['libtorch_cpu.so', 'libc10.so', ...named(libDir, /^libgomp.*\.so/)]
  const nvidia = join(dirname(dirname(libDir)), 'nvidia')
  const cuda = named(nvidia, /^cu\d+$/).flatMap((folder) =>
    named(join(nvidia, folder, 'lib'), /^lib(cupti|cudart)\.so\.\d+$/).map(
      (name) => `nvidia/${folder}/lib/${name}`,
    ),
  )
  return [
    ...own.map((name) => ({ name: `libtorch/lib/${name}`, content: { file: join(libDir, name) } })),
    ...cuda.map((name) => ({ name, content: { file: join(dirname(nvidia), name) } })),
    { name: 'libtorch/build-version', content: `${version}\n` },
  ]
}

function named(folder: string, pattern: RegExp): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => pattern.test(name)) : []
}

test('from nothing to a sound with two commands, without Python', async () => {
  const bin = join(work, 'bin')
  mkdirSync(bin)
  symlinkSync(process.execPath, join(bin, 'node'))
  const env = {
    PATH: bin,
    HOME: work,
    AUDIOLDM_PREBUILD: process.env.AUDIOLDM_PREBUILD ?? join(__dirname, '..', '..'),
    AUDIOLDM_LIBTORCH_MIRROR: server.url,
  }
  expect(spawnSync('python3', { env }).error).toMatchObject({ code: 'ENOENT' })
  const run = (...args: string[]) => runFrom(join(work, 'package'), args, env)
  const sound = ['generate', 'a dog', '--duration', '0.2', '--steps', '1', '--device', 'cpu']
  const out = join(work, 'dog.wav')

  const before = await run(...sound, '--out', out, '--json')
  expect(JSON.parse(before.stdout).error.code).toBe('LIBTORCH_NOT_FOUND')

  const installed = await run('libtorch', 'install', '--sha256', zip.sha256)
  expect(installed.code, installed.stderr).toBe(0)
  expect(installed.stderr).toContain(`${server.url}/${archivePath}`)
  const { version } = findLibtorch()
  const path = join(work, '.cache/audioldm/libtorch', version)
  expect(installed.stdout).toBe(`${path}\n`)

  const made = await run(...sound, '--out', out)
  expect(made.code, made.stderr).toBe(0)
  expect(existsSync(out)).toBe(true)

  const doctor = JSON.parse((await run('doctor', '--json')).stdout)
  expect(doctor.libtorch).toMatchObject({ source: 'user cache', root: join(path, 'libtorch') })
  expect(doctor.core.loaded).toBe(true)

  const listed = JSON.parse((await run('libtorch', 'list', '--json')).stdout)
  expect(listed).toMatchObject([{ version, cuda: false, path, archives: [{ bytes: zip.bytes }] }])
  expect((await run('libtorch', 'remove', version)).code).toBe(0)
  expect(existsSync(path)).toBe(false)
})
