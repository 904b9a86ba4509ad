import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Job } from '../../lib/job.js'
import {
  type InstallLibtorchEvent,
  installLibtorch,
  installPlanned,
} from '../../lib/libtorch/install.js'
import type { InstallLibtorchOptions } from '../../lib/libtorch/options.js'
import { listInstalled, removeInstalled } from '../../lib/libtorch/store.js'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { ArchiveServer } from './archive-server.js'
import { testCache } from './cache.js'
import { library, official } from './official.js'
import { makeZip } from './zip.js'

const cache = testCache()
let server: ArchiveServer
beforeEach(async () => {
  server = await ArchiveServer.start()
})
afterEach(() => server.stop())

async function collect(options: InstallLibtorchOptions) {
  const events: InstallLibtorchEvent[] = []
  const job = installLibtorch(options)
  for await (const event of job) events.push(event)
  return { events, result: await job }
}

describe('from a file', () => {
  test('the libraries, and where the loader looks', async () => {
    const zip = official()
    const file = zip.save(join(cache.work, 'libtorch.zip'))
    const { events, result } = await collect({ from: file, sha256: zip.sha256.toUpperCase() })
    const path = join(cache.dir, '2.13.0+cpu')
    expect(result).toEqual({
      version: '2.13.0+cpu',
      cuda: false,
      path,
      bytes: result.bytes,
      archives: [{ from: file, sha256: zip.sha256, bytes: zip.bytes }],
      downloadedBytes: 0,
      alreadyInstalled: false,
    })
    expect(events[0]).toMatchObject({ type: 'plan', bytes: zip.bytes, dir: cache.dir })
    expect(readdirSync(join(path, 'libtorch'), { recursive: true }).sort()).toEqual([
      'build-version',
      'lib',
      'lib/libc10.so',
      'lib/libgomp.so.1',
      'lib/libtorch_cpu.so',
    ])
    expect(readFileSync(join(path, 'libtorch/lib/libtorch_cpu.so')).equals(library)).toBe(true)
    expect(readdirSync(cache.dir)).toEqual(['2.13.0+cpu'])
    const found = findLibtorch({ cwd: cache.work, minors: ['2.13'], libtorchPath: path })
    expect(found).toMatchObject({ version: '2.13.0+cpu', root: join(path, 'libtorch') })
    expect(await listInstalled()).toEqual([
      { version: '2.13.0+cpu', cuda: false, path, bytes: result.bytes, archives: result.archives },
    ])
  })
})

test('of several archives, as for CUDA: one installation', async () => {
  const zip = makeZip([
    { name: 'libtorch/lib/libtorch_cpu.so', content: 'cpu' },
    { name: 'libtorch/lib/libtorch_cuda.so', content: 'cuda' },
    { name: 'libtorch/build-version', content: '2.13.0+cu130' },
  ])
  const wheel = makeZip([
    { name: 'nvidia/cu13/lib/libcudart.so.13', content: 'cudart', deflate: true },
    { name: 'nvidia/cu13/include/cuda.h', content: '#' },
    { name: 'nvidia_cuda_runtime-13.0.96.dist-info/licenses/License.txt', content: 'EULA' },
    { name: 'nvidia_cuda_runtime-13.0.96.dist-info/RECORD', content: '' },
  ])
  const plan = {
    archives: [
      { name: 'a.zip', from: server.add('a.zip', zip), sha256: zip.sha256, licence: 'one' },
      { name: 'b.whl', from: server.add('b.whl', wheel), sha256: wheel.sha256, licence: 'two' },
    ],
  }
  const result = await new Job((control) => installPlanned(plan, control))
  const files = readdirSync(result.path, { recursive: true, withFileTypes: true })
  const paths = files
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
  expect(paths.map((path) => relative(result.path, path)).sort()).toEqual([
    'installed.json',
    'libtorch/build-version',
    'libtorch/lib/libtorch_cpu.so',
    'libtorch/lib/libtorch_cuda.so',
    'nvidia/cu13/lib/libcudart.so.13',
    'nvidia_cuda_runtime-13.0.96.dist-info/licenses/License.txt',
  ])
  expect(result).toMatchObject({
    version: '2.13.0+cu130',
    cuda: true,
    downloadedBytes: zip.bytes + wheel.bytes,
  })
  expect(result.archives.map(({ bytes }) => bytes)).toEqual([zip.bytes, wheel.bytes])
})

describe('from a server', () => {
  test('with progress; a second time nothing is fetched; removed', async () => {
    const zip = official()
    const from = server.add('libtorch.zip', zip)
    const { events, result } = await collect({ from, sha256: zip.sha256 })
    expect(events[0]).toEqual({
      type: 'plan',
      bytes: zip.bytes,
      dir: cache.dir,
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
    expect(readdirSync(join(cache.dir, '.downloads'))).toEqual([])

    const again = await installLibtorch({ from, sha256: zip.sha256 })
    expect(again).toMatchObject({ alreadyInstalled: true, downloadedBytes: 0, path: result.path })
    expect(server.gets).toHaveLength(1)

    expect(await removeInstalled('2.13.0+cpu')).toMatchObject({ path: result.path })
    expect(await listInstalled()).toEqual([])
    expect(readdirSync(cache.dir)).toEqual(['.downloads'])
    writeFileSync(join(cache.dir, 'mine'), '')
    await expect(removeInstalled('mine')).rejects.toThrow('libtorch mine is not in')
  })
})
