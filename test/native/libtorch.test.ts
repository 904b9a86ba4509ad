import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NativeLoadError } from '../../lib/errors.js'
import { type FindLibtorchOptions, findLibtorch } from '../../lib/native/libtorch.js'

let work: string
beforeEach(() => {
  work = realpathSync(mkdtempSync(join(tmpdir(), 'audioldm-libtorch-')))
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

function file(path: string, text = ''): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** A torch package as pip lays it out. */
function torchPackage(venv: string, version: string, cuda = false): string {
  const root = join(work, venv, 'lib/python3.11/site-packages/torch')
  file(join(root, 'lib/libtorch_cpu.so'))
  if (cuda) file(join(root, 'lib/libtorch_cuda.so'))
  file(
    join(root, 'version.py'),
    `from typing import Optional\n__all__ = ['__version__']\n__version__ = '${version}'\n`,
  )
  return root
}

/** A libtorch archive as unpacked from the zip file. */
function unpacked(folder: string, version: string): string {
  const root = join(work, folder)
  file(join(root, 'lib/libtorch_cpu.so'))
  file(join(root, 'build-version'), `${version}\n`)
  return root
}

function find(options: FindLibtorchOptions = {}, env: NodeJS.ProcessEnv = {}) {
  const cwd = join(work, 'project')
  mkdirSync(cwd, { recursive: true })
  return findLibtorch({
    minors: ['2.13'],
    cwd,
    env: { XDG_CACHE_HOME: join(work, 'cache'), ...env },
    ...options,
  })
}

function failure(run: () => unknown): NativeLoadError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(NativeLoadError)
    return error as NativeLoadError
  }
  throw new Error('no error was thrown')
}

describe('order', () => {
  test('option, AUDIOLDM_LIBTORCH, LIBTORCH, Python, user cache', () => {
    const option = unpacked('option', '2.13.0')
    const own = unpacked('own', '2.13.1+cpu')
    const generic = unpacked('generic', '2.13.2')
    const python = torchPackage('venv', '2.13.3+cu130', true)
    unpacked('cache/audioldm/libtorch/2.13.4-cpu', '2.13.4')
    const env: NodeJS.ProcessEnv = {
      AUDIOLDM_LIBTORCH: own,
      LIBTORCH: generic,
      VIRTUAL_ENV: join(work, 'venv'),
    }
    expect(find({ libtorchPath: option }, env)).toEqual({
      root: option,
      libDir: join(option, 'lib'),
      version: '2.13.0',
      cuda: false,
      source: 'option',
      tried: [],
    })
    expect(find({}, env)).toMatchObject({ root: own, source: 'AUDIOLDM_LIBTORCH' })
    env.AUDIOLDM_LIBTORCH = ''
    expect(find({}, env)).toMatchObject({ root: generic, source: 'LIBTORCH', version: '2.13.2' })
    env.LIBTORCH = undefined
    const active = find({}, env)
    expect(active).toMatchObject({ root: python, source: 'python', cuda: true })
    expect(active.version).toBe('2.13.3+cu130')
  })

  test('a .venv of the project is found from a folder below', () => {
    const root = torchPackage('project/.venv', '2.13.0')
    mkdirSync(join(work, 'project/a/b'), { recursive: true })
    const found = find({ cwd: join(work, 'project/a/b') })
    expect(found).toMatchObject({ root, source: 'python' })
  })

  test('a wrong version is passed over, and named, when a later place has the right one', () => {
    torchPackage('venv', '2.11.0')
    const local = torchPackage('project/.venv', '2.13.0')
    const found = find({}, { VIRTUAL_ENV: join(work, 'venv') })
    expect(found.root).toBe(local)
    expect(found.tried).toEqual([
      `VIRTUAL_ENV: ${join(work, 'venv')}: libtorch 2.11.0, but libtorch 2.13.x is needed`,
    ])
  })

  test('the user cache prefers the newest that fits', () => {
    unpacked('cache/audioldm/libtorch/2.9.0-cpu', '2.9.0')
    const newer = unpacked('cache/audioldm/libtorch/2.13.1-cpu/libtorch', '2.13.1')
    unpacked('cache/audioldm/libtorch/2.13.0-cpu', '2.13.0')
    // The package's own .venv comes earlier where there is one: no core minor is shared with it.
    file(join(newer, 'build-version'), '9.13.1')
    expect(find({ minors: ['9.13'] })).toMatchObject({ root: newer, source: 'user cache' })
  })
})

describe('forms of a path', () => {
  test('torch root, lib folder, site-packages and venv name the same libtorch', () => {
    const root = torchPackage('venv', '2.13.0+cpu')
    for (const path of [root, join(root, 'lib'), dirname(root), join(work, 'venv')]) {
      const found = find({ libtorchPath: path })
      expect(found).toMatchObject({ root, libDir: join(root, 'lib'), version: '2.13.0+cpu' })
    }
  })

  test('a relative path is taken from the working directory, links are resolved', () => {
    const root = unpacked('real', '2.13.0')
    mkdirSync(join(work, 'project'), { recursive: true })
    symlinkSync(root, join(work, 'project/link'))
    const found = find({ libtorchPath: 'link' })
    expect(found.libDir).toBe(join(root, 'lib'))
    expect(found.version).toBe('2.13.0')
  })

  test('a version from the CMake package of a system install', () => {
    const root = join(work, 'usr')
    file(join(root, 'lib/libtorch_cpu.so'))
    file(
      join(root, 'lib/cmake/Torch/TorchConfigVersion.cmake'),
      'set(PACKAGE_VERSION "2.13.0")\nif()\n',
    )
    expect(find({ libtorchPath: join(root, 'lib') }).version).toBe('2.13.0')
  })
})

describe('failures', () => {
  test('a named folder without libtorch is an error, not a reason to search on', () => {
    torchPackage('project/.venv', '2.13.0')
    const error = failure(() => find({ libtorchPath: join(work, 'nowhere') }))
    expect(error.code).toBe('LIBTORCH_NOT_FOUND')
    expect(error.tried).toEqual([
      `option libtorchPath: ${join(work, 'nowhere')}: no libtorch_cpu.so there`,
    ])
    expect(failure(() => find({}, { AUDIOLDM_LIBTORCH: '/no/such' })).message).toContain('/no/such')
  })

  test('a named libtorch of another minor says what was found and what is needed', () => {
    const root = unpacked('old', '2.11.0+cpu')
    const error = failure(() => find({}, { AUDIOLDM_LIBTORCH: root }))
    expect(error.code).toBe('LIBTORCH_VERSION')
    expect(error.message).toContain('2.11.0+cpu')
    expect(error.message).toContain('2.13.x')
    expect(error.hint).toContain('pip install torch==2.13.0')
  })

  test('a patch release of the right minor fits, a longer minor does not', () => {
    expect(find({ libtorchPath: unpacked('a', '2.13.7') }).version).toBe('2.13.7')
    const error = failure(() => find({ libtorchPath: unpacked('b', '2.130.0') }))
    expect(error.code).toBe('LIBTORCH_VERSION')
  })

  test('a version that cannot be read does not pass', () => {
    const root = join(work, 'odd')
    file(join(root, 'lib/libtorch_cpu.so'))
    file(join(root, 'version.py'), 'import os; os.system("touch /tmp/never")')
    const error = failure(() => find({ libtorchPath: root }))
    expect(error.message).toContain('unknown version')
    expect(find({ libtorchPath: root, minors: undefined }).version).toBe('unknown')
  })

  test('nothing of the wanted minor anywhere lists every place and the pip command', () => {
    const error = failure(() => find({ minors: ['9.99'] }, { LIBTORCH: '/no/such/place' }))
    const text = error.message
    for (const place of ['LIBTORCH: /no/such/place', '.venv', 'cache/audioldm/libtorch', '/opt/']) {
      expect(text).toContain(place)
    }
    expect(error.hint).toContain('pip install torch==9.99.0')
  })
})
