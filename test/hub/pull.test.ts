import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AbortError, HubError, InvalidModelError, InvalidOptionError } from '../../lib/errors.js'
import { type PullOptions, type PullProgress, pull, pullTokenizer } from '../../lib/hub/pull.js'
import { resolveModel } from '../../lib/hub/resolve.js'
import { HubServer } from './hub-server.js'

let hub: HubServer
let cacheDir: string
const environment = { ...process.env }
const big = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255))

beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'audioldm-hub-'))
  hub = await HubServer.start()
  hub.add('model_index.json', '{"_class_name": "AudioLDMPipeline"}')
  hub.add('README.md', '---\nlicense: cc-by-nc-sa-4.0\n---\n# Dogs\n')
  hub.add('unet/config.json', '{}')
  hub.add('unet/diffusion_pytorch_model.safetensors', big, true)
  hub.add('unet/diffusion_pytorch_model.bin', 'pickle', true)
  hub.add('unet/diffusion_pytorch_model.fp16.safetensors', 'half', true)
  hub.add('vae/diffusion_pytorch_model.bin', 'only a pickle', true)
  hub.add('vocoder/model.onnx', 'onnx', true)
  hub.add('tokenizer/vocab.json', '{"a": 0}')
  hub.add('tokenizer/merges.txt', '')
  hub.add('audioldm.ckpt', 'original', true)
  process.env.HF_HUB_OFFLINE = ''
  process.env.HF_TOKEN = ''
  process.env.HF_TOKEN_PATH = join(cacheDir, 'no-token')
})
afterEach(async () => {
  process.env = { ...environment }
  await hub.stop()
  rmSync(cacheDir, { recursive: true, force: true })
})

const repo = () => join(cacheDir, 'models--acme--dogs')
const unet = 'unet/diffusion_pytorch_model.safetensors'
const run = (options: PullOptions = {}) =>
  pull('acme/dogs', { cacheDir, endpoint: hub.url, ...options })

async function failure<E extends Error>(
  type: new (...values: never[]) => E,
  work: Promise<unknown>,
): Promise<E & { code: string; hint?: string }> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(type)
  return error
}

describe('a pull', () => {
  test('brings what a model needs, once, in the layout that Python shares', async () => {
    const result = await run()
    expect(result).toMatchObject({
      id: 'acme/dogs',
      revision: hub.commit,
      license: 'cc-by-nc-sa-4.0',
      path: join(repo(), 'snapshots', hub.commit),
      files: 7,
    })
    expect(result.downloadedBytes).toBe(result.totalBytes)
    expect(readdirSync(result.path, { recursive: true }).sort()).toEqual([
      'README.md',
      'model_index.json',
      'tokenizer',
      'tokenizer/merges.txt',
      'tokenizer/vocab.json',
      'unet',
      'unet/config.json',
      unet,
      'vae',
      'vae/diffusion_pytorch_model.bin',
    ])
    expect(readFileSync(join(result.path, unet)).equals(big)).toBe(true)
    const link = readlinkSync(join(result.path, unet))
    expect(link).toBe(`../../../blobs/${HubServer.etag(big, true)}`)
    expect(lstatSync(join(repo(), 'blobs', HubServer.etag('{}', false))).isFile()).toBe(true)
    expect(readFileSync(join(repo(), 'refs/main'), 'utf8')).toBe(hub.commit)
    expect(readdirSync(join(repo(), 'blobs')).filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual(
      [],
    )
  })

  test('a second pull fetches nothing again', async () => {
    await run()
    hub.requests.length = 0
    const again = await run()
    expect(again.downloadedBytes).toBe(0)
    expect(hub.requestsFor('resolve')).toEqual([])
  })

  test('a new commit fetches what changed and moves the branch', async () => {
    await run()
    hub.requests.length = 0
    hub.commit = 'c'.repeat(40)
    hub.add('unet/config.json', '{"new": true}')
    const result = await run()
    expect(hub.requestsFor('resolve').map((request) => request.path)).toEqual([
      `/acme/dogs/resolve/${hub.commit}/unet/config.json`,
    ])
    expect(readFileSync(join(repo(), 'refs/main'), 'utf8')).toBe(hub.commit)
    expect(readFileSync(join(result.path, 'unet/config.json'), 'utf8')).toBe('{"new": true}')
  })

  test('progress counts the bytes of all files up to the total', async () => {
    const seen: PullProgress[] = []
    const result = await run({ onProgress: (progress) => seen.push(progress) })
    const loaded = seen.map((progress) => progress.loadedBytes)
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b))
    expect(loaded.at(-1)).toBe(result.totalBytes)
    expect(new Set(seen.map((progress) => progress.totalBytes))).toEqual(
      new Set([result.totalBytes]),
    )
    expect(seen.map((progress) => progress.file)).toContain(unet)
  })

  test('the tokenizer alone', async () => {
    const options = { cacheDir, endpoint: hub.url }
    const folder = await pullTokenizer('acme/dogs', options)
    const snapshot = join(repo(), 'snapshots', hub.commit)
    expect(folder).toBe(join(snapshot, 'tokenizer'))
    expect(readdirSync(snapshot, { recursive: true }).sort()).toEqual([
      'tokenizer',
      'tokenizer/merges.txt',
      'tokenizer/vocab.json',
    ])
    await failure(HubError, resolveModel('acme/dogs', { cacheDir }))
    process.env.HF_HUB_OFFLINE = '1'
    expect(await pullTokenizer('acme/dogs', options)).toBe(folder)
    await failure(HubError, pullTokenizer('acme/cats', options))
  })

  test('a tokenizer at the root of its repository, and a repository without one', async () => {
    const options = { cacheDir, endpoint: hub.url }
    hub.remove('tokenizer/vocab.json')
    const error = await failure(InvalidModelError, pullTokenizer('acme/dogs', options))
    expect(error.message).toContain('has no tokenizer')
    hub.add('tokenizer.json', '{}')
    const folder = await pullTokenizer('acme/dogs', options)
    expect(readdirSync(folder)).toEqual(['tokenizer.json'])
  })

  test('an interrupt stops it and the next pull goes on', async () => {
    hub.faults.set(unet, { hang: true })
    const controller = new AbortController()
    const stopped = run({
      signal: controller.signal,
      onProgress: ({ file, loadedBytes }) => {
        if (file === unet && loadedBytes > 2) controller.abort('enough')
      },
    })
    expect((await failure(AbortError, stopped)).cause).toBe('enough')
    hub.faults.clear()
    expect((await run()).files).toBe(7)
    expect(hub.requestsFor(unet).at(-1)?.range).toMatch(/^bytes=1-$/)
  })
})

describe('a connection that is cut', () => {
  test('within one pull the rest is asked for', async () => {
    hub.faults.set(unet, { cutAfter: 100_000, times: 2 })
    const { path } = await run()
    expect(readFileSync(join(path, unet)).equals(big)).toBe(true)
    const ranges = hub.requestsFor(unet).map((request) => request.range)
    // Redirect and answer each count as a request.
    expect(new Set(ranges)).toEqual(new Set([undefined, 'bytes=100000-', 'bytes=200000-']))
  })

  test('what another run left is continued', async () => {
    const blobs = join(repo(), 'blobs')
    mkdirSync(blobs, { recursive: true })
    const etag = HubServer.etag(big, true)
    writeFileSync(join(blobs, `${etag}.incomplete`), big.subarray(0, 250_000))
    const result = await run()
    expect(hub.requestsFor(unet).map((request) => request.range)).toEqual([
      'bytes=250000-',
      'bytes=250000-',
    ])
    expect(result.totalBytes - result.downloadedBytes).toBe(250_000)
    expect(readFileSync(join(result.path, unet)).equals(big)).toBe(true)
  })

  test('a damaged or over-long rest of another run is fetched anew', async () => {
    const incomplete = join(repo(), 'blobs', `${HubServer.etag(big, true)}.incomplete`)
    mkdirSync(join(repo(), 'blobs'), { recursive: true })
    for (const left of [Buffer.alloc(1000, 7), Buffer.alloc(400_000, 7)]) {
      rmSync(join(repo(), 'blobs', HubServer.etag(big, true)), { force: true })
      writeFileSync(incomplete, left)
      const { path } = await run()
      expect(readFileSync(join(path, unet)).equals(big)).toBe(true)
    }
  })

  test('a server without ranges sends all again', async () => {
    hub.faults.set(unet, { cutAfter: 100_000, times: 1, ignoreRange: true })
    const { path } = await run()
    expect(readFileSync(join(path, unet)).equals(big)).toBe(true)
  })

  test('a server that fails again and again is given up, and nothing looks finished', async () => {
    hub.faults.set(unet, { status: 503 })
    const error = await failure(HubError, run())
    expect(error.code).toBe('HUB_DOWNLOAD_FAILED')
    expect(error.message).toContain(unet)
    expect(error.message).toContain('503')
    expect(error.hint).toContain('goes on where it stopped')
    expect(existsSync(join(repo(), 'refs/main'))).toBe(false)
    expect((await failure(HubError, resolveModel('acme/dogs', { cacheDir }))).hint).toBe(
      'download it with: audioldm pull acme/dogs',
    )
  })
})

describe('what is refused', () => {
  test('a damaged file, and it is not kept', async () => {
    hub.faults.set(unet, { corrupt: true })
    const error = await failure(HubError, run())
    expect(error.code).toBe('HUB_DOWNLOAD_FAILED')
    expect(error.message).toContain(`${unet} arrived damaged`)
    expect(
      readdirSync(join(repo(), 'blobs')).some((name) => name.includes(HubServer.etag(big, true))),
    ).toBe(false)
    hub.faults.clear()
    hub.faults.set('model_index.json', { corrupt: true })
    expect((await failure(HubError, run())).message).toContain('model_index.json arrived damaged')
  })

  test.each([
    '../../evil.json',
    'unet/../../../evil.json',
    '/etc/evil',
    'unet/a\\..\\b',
    'C:/evil',
  ])('the file name %s', async (path) => {
    hub.addEntry({ type: 'file', path, size: 2, oid: HubServer.etag('{}', false) })
    const error = await failure(HubError, run())
    expect(error.message).toContain('unsafe name')
    expect(readdirSync(cacheDir)).toEqual([])
  })

  test('a hash that is a path, and a commit that is one', async () => {
    hub.addEntry({ type: 'file', path: 'unet/x.json', size: 2, oid: '../../../../evil' })
    expect((await failure(HubError, run())).message).toContain('unet/x.json')
    hub.commit = '../../../evil'
    expect((await failure(HubError, run())).message).toContain('no commit')
    expect(readdirSync(cacheDir)).toEqual([])
  })

  test('a repository that is no pipeline', async () => {
    hub.remove('model_index.json')
    const error = await failure(InvalidModelError, run())
    expect(error.message).toContain('no model_index.json')
  })

  test('an id or revision that is none', async () => {
    for (const id of ['', 'a/b/c', '../x', 'a b', 'a/..', 'a--b/c']) {
      await failure(InvalidOptionError, pull(id, { cacheDir, endpoint: hub.url }))
    }
    await failure(InvalidOptionError, run({ revision: '../../x' }))
    await failure(InvalidOptionError, run({ endpoint: 'file:///etc' }))
    expect(hub.requests).toEqual([])
  })
})

describe('access', () => {
  test('a missing model and a missing revision', async () => {
    const error = await failure(HubError, pull('acme/cats', { cacheDir, endpoint: hub.url }))
    expect(error.code).toBe('HUB_NOT_FOUND')
    expect(error.message).toContain('acme/cats')
    expect(error.hint).toContain('spelling')
    const revision = await failure(HubError, run({ revision: 'v9' }))
    expect(revision.message).toBe("acme/dogs has no revision 'v9'")
  })

  test('401 asks for a token; the token goes to the hub and nowhere else', async () => {
    hub.token = 'secret'
    expect((await failure(HubError, run())).hint).toContain('HF_TOKEN')
    process.env.HF_TOKEN = 'secret'
    hub.requests.length = 0
    await run()
    const onHub = hub.requests.filter((request) => /^\/(api|acme)\//.test(request.path))
    const elsewhere = hub.requests.filter((request) => !onHub.includes(request))
    expect(new Set(onHub.map((request) => request.authorization))).toEqual(
      new Set(['Bearer secret']),
    )
    expect(elsewhere.map((request) => request.path)).toContain(`/${unet}`)
    expect(new Set(elsewhere.map((request) => request.authorization))).toEqual(new Set([undefined]))
  })

  test('403 is about terms', async () => {
    hub.faults.set('/api/models/acme/dogs/revision/main', { status: 403 })
    expect((await failure(HubError, run())).hint).toContain('accept its terms')
  })

  test('no hub there', async () => {
    await hub.stop()
    const error = await failure(HubError, run())
    expect(error.code).toBe('HUB_OFFLINE')
    expect(error.message).toContain(hub.url)
  })

  test('HF_ENDPOINT names the hub, HF_HUB_CACHE the cache', async () => {
    process.env.HF_ENDPOINT = `${hub.url}/`
    process.env.HF_HUB_CACHE = join(cacheDir, 'elsewhere')
    const { path } = await pull('acme/dogs@v1')
    expect(path).toBe(join(cacheDir, 'elsewhere/models--acme--dogs/snapshots', hub.commit))
    expect(await resolveModel('acme/dogs@v1')).toBe(path)
  })

  test('HF_HUB_OFFLINE: the pulled copy, or an error, without a request', async () => {
    process.env.HF_HUB_OFFLINE = '1'
    expect((await failure(HubError, run())).code).toBe('HUB_OFFLINE')
    process.env.HF_HUB_OFFLINE = ''
    const online = await run()
    hub.requests.length = 0
    process.env.HF_HUB_OFFLINE = '1'
    expect(await run()).toEqual({ ...online, downloadedBytes: 0 })
    expect(hub.requests).toEqual([])
  })
})

test('two pulls of one model do not run into each other', async () => {
  hub.faults.set(unet, { hang: true })
  const controller = new AbortController()
  let other: Promise<unknown> | undefined
  const first = run({
    signal: controller.signal,
    onProgress: ({ file }) => {
      if (file !== unet || other) return
      other = run()
      other.catch(() => controller.abort())
    },
  })
  await failure(AbortError, first)
  const error = await failure(HubError, other as Promise<unknown>)
  expect(error.message).toContain(`is being pulled by process ${process.pid}`)
  // The lock of a process that is gone is taken over.
  const lock = join(cacheDir, '.locks/models--acme--dogs/pull.lock')
  expect(existsSync(lock)).toBe(false)
  const ended = execFileSync(process.execPath, ['-p', 'process.pid']).toString().trim()
  writeFileSync(lock, `${ended} ${(await import('node:os')).hostname()}`)
  hub.faults.clear()
  expect((await run()).files).toBe(7)
})

describe('resolveModel', () => {
  test('a folder, a pulled id, a commit, and helpful errors', async () => {
    const { path } = await run()
    await hub.stop()
    expect(await resolveModel(path)).toBe(path)
    expect(await resolveModel('acme/dogs', { cacheDir })).toBe(path)
    expect(await resolveModel(`acme/dogs@${hub.commit}`, { cacheDir })).toBe(path)
    const absent = await failure(HubError, resolveModel('acme/cats', { cacheDir }))
    expect(absent.code).toBe('HUB_NOT_FOUND')
    expect(absent.hint).toBe('download it with: audioldm pull acme/cats')
    const folder = await failure(InvalidModelError, resolveModel('./no/such/folder', { cacheDir }))
    expect(folder.message).toContain('there is no folder ./no/such/folder')
    const file = await failure(InvalidModelError, resolveModel(join(path, 'README.md')))
    expect(file.hint).toContain('audioldm import')
  })
})
