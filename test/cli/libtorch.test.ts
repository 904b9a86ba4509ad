import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ArchiveServer } from '../libtorch/archive-server.js'
import { testCache } from '../libtorch/cache.js'
import { official } from '../libtorch/official.js'
import { compileLibrary, runCli, start } from './run-cli.js'

const cache = testCache()
let server: ArchiveServer
beforeAll(compileLibrary)
beforeEach(async () => {
  server = await ArchiveServer.start()
})
afterEach(() => server.stop())

const libtorch = (...args: string[]) => runCli(['libtorch', ...args])

test('what will be fetched first, the folder on stdout; listed; removed', async () => {
  const zip = official()
  const from = server.add('libtorch.zip', zip)
  const path = join(cache.dir, '2.13.0+cpu')
  const installed = await libtorch('install', '--from', from, '--sha256', zip.sha256)
  expect(installed.code, installed.stderr).toBe(0)
  expect(installed.stdout).toBe(`${path}\n`)
  expect(installed.stderr).toMatch(
    new RegExp(
      `^ +0\\.3 MB {2}${from}\nlicence: .*BSD-3-Clause\n0\\.3 MB in all, into ${cache.dir}\n`,
    ),
  )
  expect(installed.stderr).toContain('libtorch 2.13.0+cpu is installed: 0.3 MB fetched, 0.3 MB on')
  // The tests run on the libtorch of a Python environment.
  expect(installed.stderr).toContain('is found before it')
  expect(installed.stderr).toContain(`export AUDIOLDM_LIBTORCH="${path}"`)

  const again = await libtorch('install', '--from', from, '--sha256', zip.sha256, '--json')
  expect(again.stderr).toContain('libtorch 2.13.0+cpu is installed already')
  expect(JSON.parse(again.stdout)).toMatchObject({ path, alreadyInstalled: true, cuda: false })

  const list = await libtorch('list')
  expect(list.stdout).toBe(`2.13.0+cpu  CPU  0.3 MB  ${path}\n`)
  const removed = await libtorch('remove', '2.13.0+cpu')
  expect([removed.code, removed.stdout]).toEqual([0, ''])
  expect(removed.stderr).toContain('libtorch 2.13.0+cpu is removed: 0.3 MB')
  expect(existsSync(path)).toBe(false)
  const none = await libtorch('list')
  expect([none.code, none.stdout]).toEqual([0, ''])
  expect(none.stderr).toContain(`no libtorch is installed in ${cache.dir}`)
})

test('an interrupt ends it with 130; list tells of what came, and install goes on', async () => {
  const zip = official()
  const args = ['install', '--from', server.add('a.zip', zip), '--sha256', zip.sha256, '--json']
  server.faults.hangAfter = 100_000
  const [child, done] = start(['libtorch', ...args])
  const part = join(cache.dir, '.downloads', `${zip.sha256}.part`)
  while (server.gets.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await new Promise((resolve) => setTimeout(resolve, 500))
  child.kill('SIGINT')
  const { code, stdout } = await done
  expect([code, JSON.parse(stdout).error.code]).toEqual([130, 'ABORTED'])
  expect(readdirSync(cache.dir)).toEqual(['.downloads'])
  const list = await libtorch('list', '--json')
  expect(JSON.parse(list.stdout)).toEqual([])
  expect(list.stderr).toContain(`of an unfinished download in ${part}: install goes on with it`)
  server.faults = {}
  expect((await libtorch(...args)).code).toBe(0)
})

test.each([
  [['install', '--from', '/no/such.zip'], 2, 'INVALID_OPTION'],
  [['install', '--sha256', 'x'], 2, 'INVALID_OPTION'],
  [['install', '--from', __filename], 2, 'INVALID_LIBTORCH'],
  [['install', '--mirror', 'http://127.0.0.1:1'], 1, 'LIBTORCH_DOWNLOAD_FAILED'],
  [['remove', '2.13.0+cpu'], 2, 'INVALID_OPTION'],
  [['remove'], 2, 'USAGE'],
  [['fetch'], 2, 'USAGE'],
  [[], 2, 'USAGE'],
])('%s: exit code %i, %s', async (args, exitCode, error) => {
  const { code, stdout } = await libtorch(...args, '--json')
  expect([code, JSON.parse(stdout).error.code]).toEqual([exitCode, error])
})
