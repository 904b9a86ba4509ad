import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { installLibtorch } from '../../lib/libtorch/install.js'
import { listInstalled, removeInstalled } from '../../lib/libtorch/store.js'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { compileLibrary, start } from '../cli/run-cli.js'
import { ArchiveServer } from './archive-server.js'
import { refusal, rejection, testCache } from './cache.js'
import { official } from './official.js'
import { makeZip, type Zip } from './zip.js'

const cache = testCache()
let server: ArchiveServer
beforeAll(compileLibrary)
beforeEach(async () => {
  server = await ArchiveServer.start()
})
afterEach(() => server.stop())

/** An archive that takes a while to unpack. */
function large(): Zip {
  const content = Buffer.alloc(60_000_000, 'libtorch')
  return makeZip([
    { name: 'libtorch/lib/libtorch_cpu.so', content },
    { name: 'libtorch/lib/libc10.so', content },
    { name: 'libtorch/build-version', content: '2.13.0+cpu\n' },
  ])
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const names = () => {
  try {
    return readdirSync(cache.dir)
  } catch {
    return []
  }
}
const staged = () => names().some((name) => name.startsWith('.install-'))

describe('two at once', () => {
  test('the second is told of the first, and neither is disturbed', async () => {
    const zip = official()
    const from = server.add('libtorch.zip', zip)
    server.faults.hangAfter = 5000
    const controller = new AbortController()
    const first = installLibtorch({ from, sha256: zip.sha256, signal: controller.signal })
    for await (const event of first) if (event.type === 'step' && event.bytes === 5000) break
    const second = ['libtorch', 'install', '--from', from, '--sha256', zip.sha256, '--json']
    const run = await start(second)[1]
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout).error).toMatchObject({
      code: 'LIBTORCH_BUSY',
      message: expect.stringContaining(`by process ${process.pid} on `),
      hint: expect.stringContaining(join(cache.dir, '.lock')),
    })
    await expect(removeInstalled('2.13.0+cpu')).rejects.toThrow('is not in')
    controller.abort()
    await rejection(first)
    server.faults = {}
    expect((await start(second)[1]).code).toBe(0)
    expect(await listInstalled()).toHaveLength(1)
  })

  test('of many, one installs and every one ends well or is told to wait', async () => {
    const zip = official()
    const args = ['--from', server.add('libtorch.zip', zip), '--sha256', zip.sha256, '--json']
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => start(['libtorch', 'install', ...args])[1]),
    )
    const outcomes = runs.map(({ stdout }) => JSON.parse(stdout))
    for (const outcome of outcomes) {
      expect(outcome.error?.code ?? outcome.version).toMatch(/^(LIBTORCH_BUSY|2\.13\.0\+cpu)$/)
    }
    expect(outcomes.filter(({ alreadyInstalled }) => alreadyInstalled === false)).toHaveLength(1)
    expect(names().sort()).toEqual(['.downloads', '2.13.0+cpu'])
  })
})

describe('killed', () => {
  test('while it unpacks: the loader sees nothing of it, and the next run sweeps it away', async () => {
    const zip = large()
    const from = zip.save(join(cache.work, 'libtorch.zip'))
    const args = ['libtorch', 'install', '--from', from, '--sha256', zip.sha256]
    const [child, done] = start(args)
    await until(staged)
    child.kill('SIGKILL')
    expect((await done).signal).toBe('SIGKILL')
    expect(staged()).toBe(true)
    expect(await listInstalled()).toEqual([])
    const env = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
    let tried: string[] = []
    try {
      tried = findLibtorch({ cwd: cache.work, env }).tried
    } catch (error) {
      tried = (error as { tried: string[] }).tried
    }
    expect(tried.join('\n')).not.toContain('.install-')
    const { path } = await installLibtorch({ from, sha256: zip.sha256 })
    expect(names()).toEqual(['2.13.0+cpu'])
    expect(path).toBe(join(cache.dir, '2.13.0+cpu'))
  })

  test('by an interrupt: it ends with 130 and leaves nothing', async () => {
    const zip = large()
    const from = zip.save(join(cache.work, 'libtorch.zip'))
    const [child, done] = start([
      'libtorch',
      'install',
      '--from',
      from,
      '--sha256',
      zip.sha256,
      '--json',
    ])
    await until(staged)
    child.kill('SIGINT')
    const { code, stdout } = await done
    expect([code, JSON.parse(stdout).error.code]).toEqual([130, 'ABORTED'])
    expect(names()).toEqual([])
  })
})

describe('a disk', () => {
  const disk = () => join(cache.work, 'cache')
  const mount = (options: string) => {
    mkdirSync(disk(), { recursive: true })
    const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', disk()]
    return spawnSync('mount', args, { encoding: 'utf8' })
  }
  let mounted = false
  afterEach(() => {
    if (mounted) execFileSync('umount', [disk()])
    mounted = false
  })

  test.each([
    ['that is too small for the download', '1m', 2_000_000, 'downloaded'],
    ['that is too small for what is in it', '4m', 3_000_000, 'unpacked'],
  ])('%s', async (_, size, bytes, done) => {
    const { status, stderr } = mount(`size=${size}`)
    if (status !== 0) return console.log(`skipped: no small file system can be mounted: ${stderr}`)
    mounted = true
    const zip = makeZip([
      { name: 'libtorch/lib/libtorch_cpu.so', content: Buffer.alloc(bytes) },
      { name: 'libtorch/build-version', content: '2.13.0+cpu\n' },
    ])
    const from = server.add('libtorch.zip', zip)
    const error = await refusal({ from, sha256: zip.sha256 }, cache)
    expect(error.code).toBe('OUTPUT_FAILED')
    expect(error.message).toMatch(
      new RegExp(`^\\d MB are to be ${done} into ${cache.dir}, where \\d MB are free$`),
    )
    expect(error.hint).toContain('XDG_CACHE_HOME')
  })

  test('that becomes full meanwhile', async () => {
    const { status, stderr } = mount('size=1m')
    if (status !== 0) return console.log(`skipped: no small file system can be mounted: ${stderr}`)
    mounted = true
    const zip = makeZip([
      { name: 'libtorch/lib/libtorch_cpu.so', content: Buffer.alloc(3_000_000) },
    ])
    const from = server.add('libtorch.zip', zip)
    server.faults.noLength = true
    const error = await refusal({ from, sha256: zip.sha256 }, cache)
    expect(error.code).toBe('OUTPUT_FAILED')
    expect(error.message).toContain('the disk is full (ENOSPC)')
  })

  test('that is read-only', async () => {
    const { status, stderr } = mount('size=1m,ro')
    if (status !== 0) return console.log(`skipped: no file system can be mounted: ${stderr}`)
    mounted = true
    const zip = official()
    const from = server.add('libtorch.zip', zip)
    const error = await rejection(installLibtorch({ from, sha256: zip.sha256 }))
    expect(error.code).toBe('OUTPUT_FAILED')
    expect(error.message).toContain('the file system is read-only (EROFS)')
    expect(server.gets).toEqual([])
  })
})

test('a file in the way', async () => {
  writeFileSync(join(cache.work, 'cache'), '')
  const zip = official()
  const from = zip.save(join(cache.work, 'libtorch.zip'))
  const error = await rejection(installLibtorch({ from, sha256: zip.sha256 }))
  expect(error.code).toBe('OUTPUT_FAILED')
  expect(error.message).toContain('a part of its path is a file')
})

test('another archive of the same version is not replaced', async () => {
  const one = official()
  const { path } = await installLibtorch({
    from: one.save(join(cache.work, 'one.zip')),
    sha256: one.sha256,
  })
  const before = readdirSync(path, { recursive: true })
  const two = makeZip([
    { name: 'libtorch/lib/libtorch_cpu.so', content: 'two' },
    { name: 'libtorch/build-version', content: '2.13.0+cpu\n' },
  ])
  const from = two.save(join(cache.work, 'two.zip'))
  const error = await rejection(installLibtorch({ from, sha256: two.sha256 }))
  expect(error.code).toBe('OUTPUT_FAILED')
  expect(error.hint).toBe('remove it first: audioldm libtorch remove 2.13.0+cpu')
  expect(readdirSync(path, { recursive: true })).toEqual(before)
  expect(names()).toEqual(['2.13.0+cpu'])
  rmSync(path, { recursive: true })
  expect((await installLibtorch({ from, sha256: two.sha256 })).bytes).toBeGreaterThan(0)
})
