import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AbortError, type AudioLDMError } from '../../lib/errors.js'
import { installLibtorch } from '../../lib/libtorch/install.js'
import { pinnedLibtorch } from '../../lib/libtorch/pins.js'
import { ArchiveServer } from './archive-server.js'
import { refusal, rejection, testCache } from './cache.js'
import { library, official } from './official.js'
import type { Zip } from './zip.js'

const cache = testCache()
let server: ArchiveServer
let zip: Zip
let from: string
beforeEach(async () => {
  server = await ArchiveServer.start()
  zip = official()
  from = server.add('libtorch.zip', zip)
  server.arrived = (bytes) => statSync(part()).size >= Math.min(bytes, zip.bytes)
})
afterEach(() => server.stop())

const run = () => installLibtorch({ from, sha256: zip.sha256 })
const part = () => join(cache.dir, '.downloads', `${zip.sha256}.part`)
const ranges = () => server.gets.map(({ range }) => range)

async function expectInstalled(): Promise<void> {
  const { path } = await run()
  expect(readFileSync(join(path, 'libtorch/lib/libtorch_cpu.so')).equals(library)).toBe(true)
  expect(readdirSync(join(cache.dir, '.downloads'))).toEqual([])
}

/** A run that is stopped after `bytes` have come. */
async function stopAt(bytes: number, reason?: string): Promise<AudioLDMError> {
  server.faults.hangAfter = bytes
  const controller = new AbortController()
  const job = installLibtorch({ from, sha256: zip.sha256, signal: controller.signal })
  for await (const event of job) {
    if (event.type === 'step' && event.bytes === bytes) break
  }
  controller.abort(reason)
  const error = await rejection(job)
  expect(readdirSync(cache.dir)).toEqual(['.downloads'])
  expect(statSync(part()).size).toBe(bytes)
  server.faults = {}
  server.requests.length = 0
  return error
}

describe('a connection that is cut', () => {
  test('is taken up where it broke off, by tag', async () => {
    server.faults.cuts = [1000, 1, 70_000]
    await expectInstalled()
    expect(ranges()).toEqual([undefined, 'bytes=1000-', 'bytes=1001-', 'bytes=71001-'])
    expect(server.gets.map(({ ifRange }) => ifRange)).toEqual([
      undefined,
      '"one"',
      '"one"',
      '"one"',
    ])
  })

  test('too often ends the run; the next one goes on', async () => {
    server.faults.cuts = [5000, 0, 0, 0, 0, 0, 0]
    const error = await refusal({ from, sha256: zip.sha256 }, cache)
    expect(error.code).toBe('LIBTORCH_DOWNLOAD_FAILED')
    expect(error.hint).toContain('goes on where it stopped')
    server.faults = {}
    server.requests.length = 0
    await expectInstalled()
    expect(ranges()).toEqual(['bytes=5000-'])
  })

  test('by date where the tag is weak', async () => {
    server.faults = { weakEtag: true, cuts: [1000] }
    await expectInstalled()
    expect(server.gets[1]).toMatchObject({
      range: 'bytes=1000-',
      ifRange: 'Wed, 21 Oct 2026 07:28:00 GMT',
    })
  })

  test('without either: the hash decides', async () => {
    server.faults = { noValidator: true, cuts: [1000] }
    await expectInstalled()
    expect(server.gets[1]).toMatchObject({ range: 'bytes=1000-', ifRange: undefined })
  })
})

describe('what is here is not continued', () => {
  test('when the server has another file by now', async () => {
    await stopAt(5000)
    server.etag = '"two"'
    await expectInstalled()
    expect(server.gets).toMatchObject([{ range: 'bytes=5000-', ifRange: '"one"' }])
  })

  test('by a server that knows no ranges', async () => {
    await stopAt(5000)
    server.faults.ignoreRange = true
    await expectInstalled()
    expect(server.gets).toHaveLength(1)
  })

  test('by a server that answers with another range', async () => {
    await stopAt(5000)
    server.faults.otherRange = true
    await expectInstalled()
    expect(ranges()).toEqual(['bytes=5000-', undefined])
  })

  test('when it was altered: once more from the start', async () => {
    await stopAt(5000)
    writeFileSync(part(), Buffer.alloc(5000))
    await expectInstalled()
    expect(ranges()).toEqual(['bytes=5000-', undefined])
  })

  test('when it is longer than the archive', async () => {
    await stopAt(5000)
    writeFileSync(part(), Buffer.alloc(zip.bytes + 1))
    await expectInstalled()
    expect(ranges()).toEqual([`bytes=${zip.bytes + 1}-`, undefined])
  })
})

describe('a server that lies', () => {
  test('about the content: the hash is wrong, nothing stays', async () => {
    const sha256 = 'a'.repeat(64)
    const error = await refusal({ from, sha256 }, cache)
    expect(error.code).toBe('LIBTORCH_DOWNLOAD_FAILED')
    expect(error.message).toBe(`${from}: its SHA-256 is ${zip.sha256}, and ${sha256} was expected`)
    expect(readdirSync(join(cache.dir, '.downloads'))).toEqual([])
  })

  test.each([10, -10])('about the length, by %i bytes', async (lengthOff) => {
    server.faults.lengthOff = lengthOff
    expect((await refusal({ from, sha256: zip.sha256 }, cache)).code).toBe(
      'LIBTORCH_DOWNLOAD_FAILED',
    )
  })

  test('with another size than is pinned: nothing is fetched', async () => {
    const pinned = pinnedLibtorch('cpu', 'linux-x64')?.archives[0]
    const address = server.add(pinned?.path ?? '', zip)
    const error = await refusal({ mirror: server.url }, cache)
    expect(error.code).toBe('LIBTORCH_DOWNLOAD_FAILED')
    expect(error.message).toContain(
      `${address}: the archive there has ${zip.bytes} bytes, and the one pinned ${pinned?.bytes}`,
    )
    expect(statSync(join(cache.dir, '.downloads', `${pinned?.sha256}.part`)).size).toBe(0)
  })
})

test('without a length it is fetched all the same', async () => {
  server.faults.noLength = true
  const job = run()
  const plans = []
  for await (const event of job) if (event.type === 'plan') plans.push(event.bytes)
  expect(plans).toEqual([null])
  expect(await job).toMatchObject({ downloadedBytes: zip.bytes })
})

describe('answers without an archive', () => {
  test('overload passes', async () => {
    server.faults.statuses = [503, 200, 429, 200]
    await expectInstalled()
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'GET', 'GET'])
  })

  test('what is not there does not', async () => {
    const wrong = `${server.url}/other.zip`
    const error = await rejection(installLibtorch({ from: wrong, sha256: zip.sha256 }))
    expect(error.code).toBe('LIBTORCH_DOWNLOAD_FAILED')
    expect(error.message).toBe(`${wrong}: the server answered 404`)
    expect(error.hint).toContain('--mirror')
    expect(existsSync(cache.dir)).toBe(false)
  })

  test('nobody there', async () => {
    const port = await freePort()
    process.env.AUDIOLDM_LIBTORCH_MIRROR = `http://127.0.0.1:${port}/`
    const error = await refusal({}, cache)
    expect(error.code).toBe('LIBTORCH_DOWNLOAD_FAILED')
    expect(error.message).toContain(`http://127.0.0.1:${port}/libtorch/cpu/`)
    expect(error.message).toContain('cannot be reached (ECONNREFUSED)')
  })
})

test('an aborted download keeps what came, and is taken up', async () => {
  const error = await stopAt(7, 'enough')
  expect(error).toBeInstanceOf(AbortError)
  expect(error.cause).toBe('enough')
  await expectInstalled()
  expect(ranges()).toEqual(['bytes=7-'])
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}
