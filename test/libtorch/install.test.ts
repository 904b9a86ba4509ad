import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type InstallLibtorchEvent, installLibtorch } from '../../lib/libtorch/install.js'
import type { InstallLibtorchOptions } from '../../lib/libtorch/options.js'
import { listInstalled, removeInstalled } from '../../lib/libtorch/store.js'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { ArchiveServer } from './archive-server.js'
import { library, official } from './official.js'

const environment = { ...process.env }
let work: string
let dir: string
let server: ArchiveServer
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-install-'))
  process.env.XDG_CACHE_HOME = join(work, 'cache')
  delete process.env.AUDIOLDM_LIBTORCH_MIRROR
  dir = join(work, 'cache/audioldm/libtorch')
  server = await ArchiveServer.start()
})
afterEach(async () => {
  process.env = { ...environment }
  await server.stop()
  rmSync(work, { recursive: true, force: true })
})

async function collect(options: InstallLibtorchOptions) {
  const events: InstallLibtorchEvent[] = []
  const job = installLibtorch(options)
  for await (const event of job) events.push(event)
  return { events, result: await job }
}

describe('from a file', () => {
  test('the libraries, and where the loader looks', async () => {
    const zip = official()
    const file = zip.save(join(work, 'libtorch.zip'))
    const { events, result } = await collect({ from: file, sha256: zip.sha256.toUpperCase() })
    const path = join(dir, '2.13.0+cpu')
    expect(result).toEqual({
      version: '2.13.0+cpu',
      cuda: false,
      path,
      bytes: result.bytes,
      archives: [{ from: file, sha256: zip.sha256, bytes: zip.bytes }],
      downloadedBytes: 0,
      alreadyInstalled: false,
    })
    expect(events[0]).toMatchObject({ type: 'plan', bytes: zip.bytes, dir })
    expect(readdirSync(join(path, 'libtorch'), { recursive: true }).sort()).toEqual([
      'build-version',
      'lib',
      'lib/libc10.so',
      'lib/libgomp.so.1',
      'lib/libtorch_cpu.so',
    ])
    expect(readFileSync(join(path, 'libtorch/lib/libtorch_cpu.so')).equals(library)).toBe(true)
    expect(readdirSync(dir)).toEqual(['2.13.0+cpu'])
    const found = findLibtorch({ cwd: work, minors: ['2.13'], libtorchPath: path })
    expect(found).toMatchObject({ version: '2.13.0+cpu', root: join(path, 'libtorch') })
    expect(await listInstalled()).toEqual([
      { version: '2.13.0+cpu', cuda: false, path, bytes: result.bytes, archives: result.archives },
    ])
  })
})

describe('from a server', () => {
  test('with progress; a second time nothing is fetched; removed', async () => {
    const zip = official()
    const from = server.add('libtorch.zip', zip)
    const { events, result } = await collect({ from, sha256: zip.sha256 })
    expect(events[0]).toEqual({
      type: 'plan',
      bytes: zip.bytes,
      dir,
      archives: [
        {
          archive: 'libtorch.zip',
          from,
          bytes: zip.bytes,
          sha256: zip.sha256,
          licence: expect.stringContaining('BSD-3-Clause'),
        },
      ],
    })
    expect(events.at(-1)).toMatchObject({
      type: 'step',
      stage: 'unpack',
      bytes: library.length + 18,
    })
    expect(result.downloadedBytes).toBe(zip.bytes)
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
    expect(readdirSync(join(dir, '.downloads'))).toEqual([])

    const again = await installLibtorch({ from, sha256: zip.sha256 })
    expect(again).toMatchObject({ alreadyInstalled: true, downloadedBytes: 0, path: result.path })
    expect(server.gets).toHaveLength(1)

    expect(await removeInstalled('2.13.0+cpu')).toMatchObject({ path: result.path })
    expect(await listInstalled()).toEqual([])
    expect(readdirSync(dir)).toEqual(['.downloads'])
    writeFileSync(join(dir, 'mine'), '')
    await expect(removeInstalled('mine')).rejects.toThrow('libtorch mine is not in')
  })
})
