import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../lib/errors.js'
import type { InstallLibtorchOptions } from '../../lib/libtorch/options.js'
import { type PinnedArchive, pinnedLibtorch } from '../../lib/libtorch/pins.js'
import { planInstall } from '../../lib/libtorch/plan.js'
import { testCache } from './cache.js'

const cache = testCache()
const cpu = archives('cpu')
const cuda = archives('cuda')
const zipName = 'libtorch-shared-with-deps-2.13.0+cpu.zip'
const own = 'b'.repeat(64)

function archives(variant: 'cpu' | 'cuda'): PinnedArchive[] {
  return pinnedLibtorch(variant, 'linux-x64')?.archives ?? []
}

function file(name: string): string {
  const path = join(cache.work, name)
  writeFileSync(path, name)
  return path
}

function problem(options: object): InvalidOptionError {
  try {
    planInstall(options as InstallLibtorchOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError)
    return error as InvalidOptionError
  }
  throw new Error('it was accepted')
}

describe('pins', () => {
  test('are addresses, sizes and hashes, each of its own', () => {
    expect([cpu.length, cuda.length]).toEqual([1, 15])
    const all = [...cpu, ...cuda]
    for (const { host, path, sha256, bytes, licence } of all) {
      expect(new URL(`${host}/${path}`).href).toBe(`${host}/${path}`)
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(bytes).toBeGreaterThan(1e6)
      expect(licence).toMatch(/\w/)
    }
    expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(all.length)
    expect(pinnedLibtorch('cuda', 'linux-x64')?.version).toBe('2.13.0+cu130')
    expect(pinnedLibtorch('cpu', 'sunos-x64')).toBeUndefined()
  })

  test('docs/libtorch.md has them', () => {
    const text = readFileSync(join(__dirname, '../../docs/libtorch.md'), 'utf8')
    const megabytes = (list: PinnedArchive[]) =>
      `${Math.round(list.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6)} MB`
    for (const { sha256, path } of [cpu[0], cuda[0]]) {
      const name = decodeURIComponent(path.split('/').at(-1) ?? '')
      expect(text).toContain(`\`${name}\` | \`${sha256}\``)
    }
    expect(text).toContain(megabytes(cpu))
    expect(text).toContain(megabytes(cuda.slice(0, 1)))
    expect(text).toContain(`${cuda.length - 1} wheels`)
    expect(text).toContain(megabytes(cuda.slice(1)))
  })
})

describe('where archives come from', () => {
  test('as they are published', () => {
    const plan = planInstall({})
    expect(plan.version).toBe('2.13.0+cpu')
    expect(plan.archives).toEqual([
      {
        name: zipName,
        from: `https://download.pytorch.org/libtorch/cpu/${encodeURIComponent(zipName)}`,
        sha256: cpu[0].sha256,
        bytes: cpu[0].bytes,
        licence: cpu[0].licence,
      },
    ])
    const all = planInstall({ cuda: true }).archives
    expect(all.map(({ from }) => from)).toEqual(cuda.map(({ host, path }) => `${host}/${path}`))
  })

  test('a mirror, by option before environment, has the same paths', () => {
    process.env.AUDIOLDM_LIBTORCH_MIRROR = 'http://one.example/pytorch/'
    const [zip, wheel] = planInstall({ cuda: true }).archives
    expect(zip.from).toBe(`http://one.example/pytorch/${cuda[0].path}`)
    expect(wheel.from).toBe(`http://one.example/pytorch/${cuda[1].path}`)
    const [other] = planInstall({ mirror: 'https://two.example' }).archives
    expect(other.from).toBe(`https://two.example/${cpu[0].path}`)
  })

  test('an address or a file is libtorch itself; the pin stays', () => {
    const address = 'https://example.org/a/b.zip?key=1'
    expect(planInstall({ from: address })).toMatchObject({
      version: '2.13.0+cpu',
      archives: [{ name: zipName, from: address, sha256: cpu[0].sha256 }],
    })
    const path = file('mine.zip')
    for (const from of [path, pathToFileURL(path).href]) {
      const { archives } = planInstall({ from, cuda: true })
      expect(archives.map((each) => each.from)).toEqual([
        path,
        ...cuda.slice(1).map(({ host, path }) => `${host}/${path}`),
      ])
    }
  })

  test('a folder has them all, as a browser or wget names them', () => {
    const from = join(cache.work, 'archives')
    mkdirSync(from)
    expect(problem({ from }).message).toBe(`from: there is no ${zipName} in ${from}`)
    const saved = file(`archives/${encodeURIComponent(zipName)}`)
    expect(planInstall({ from }).archives[0].from).toBe(saved)
    const whole = file(`archives/${zipName}`)
    expect(planInstall({ from }).archives[0].from).toBe(whole)
    file(`archives/${zipName.replace('cpu', 'cu130')}`)
    expect(problem({ from, cuda: true }).message).toMatch(/^from: there is no nvidia_cuda_runtime/)
  })

  test('another hash is for another archive: no version or size is known of it', () => {
    const { version, archives } = planInstall({ from: file('own.zip'), sha256: own.toUpperCase() })
    expect(version).toBeUndefined()
    expect(archives).toEqual([
      {
        name: 'own.zip',
        from: join(cache.work, 'own.zip'),
        sha256: own,
        licence: expect.stringContaining('see the archive'),
      },
    ])
    expect(planInstall({ sha256: cpu[0].sha256 }).version).toBe('2.13.0+cpu')
  })
})

describe('wrong options', () => {
  test.each([
    [{ from: '' }, 'from', 'expected an address, a file or a folder'],
    [{ from: '/no/such.zip' }, 'from', 'there is no such file or folder: /no/such.zip'],
    [{ from: 'https://' }, 'from', "'https://' is no address"],
    [{ sha256: 'abc' }, 'sha256', "expected 64 hexadecimal digits, got 'abc'"],
    [{ mirror: 'ftp://example.org' }, 'mirror', 'expected an http(s) address'],
    [{ cuda: 'yes' }, 'cuda', "expected true or false, got 'yes'"],
    [{ form: 'x' }, 'form', 'there is no such option'],
  ])('%o', (options, name, message) => {
    const error = problem(options)
    expect(error.option).toBe(name)
    expect(error.message).toContain(`${name}: ${message}`)
  })

  test('a mirror of the environment', () => {
    process.env.AUDIOLDM_LIBTORCH_MIRROR = 'mirror'
    expect(problem({}).message).toBe(
      "AUDIOLDM_LIBTORCH_MIRROR: expected an http(s) address, got 'mirror'",
    )
  })

  test('a platform without pins needs archive and hash', () => {
    const arch = Object.getOwnPropertyDescriptor(process, 'arch') as PropertyDescriptor
    Object.defineProperty(process, 'arch', { ...arch, value: 'riscv64' })
    try {
      const from = file('own.zip')
      expect(problem({}).message).toBe('sha256: no libtorch is pinned for linux-riscv64')
      expect(problem({ sha256: own }).option).toBe('from')
      expect(problem({ from }).option).toBe('sha256')
      expect(planInstall({ from, sha256: own }).archives).toHaveLength(1)
    } finally {
      Object.defineProperty(process, 'arch', arch)
    }
  })
})
