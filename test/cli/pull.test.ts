import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { HubServer } from '../hub/hub-server.js'
import { compileLibrary, runCli, start } from './run-cli.js'

let hub: HubServer
let cacheDir: string
const unet = 'unet/diffusion_pytorch_model.safetensors'
const weights = Buffer.alloc(200_000, 'weights')

beforeAll(compileLibrary)
beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'audioldm-cli-pull-'))
  hub = await HubServer.start()
  hub.add('model_index.json', '{"_class_name": "AudioLDMPipeline"}')
  hub.add(unet, weights, true)
})
afterEach(async () => {
  await hub.stop()
  rmSync(cacheDir, { recursive: true, force: true })
})

const environment = () => ({
  HF_ENDPOINT: hub.url,
  HF_HUB_CACHE: cacheDir,
  HF_HUB_OFFLINE: '',
  HF_TOKEN: '',
  HF_TOKEN_PATH: join(cacheDir, 'no-token'),
})

test('the path on stdout, the licence for people on stderr', async () => {
  const { code, stdout, stderr } = await runCli(['pull', 'acme/dogs'], environment())
  expect(code).toBe(0)
  expect(stdout).toBe(`${join(cacheDir, 'models--acme--dogs/snapshots', hub.commit)}\n`)
  expect(stderr).toContain('licence: cc-by-nc-sa-4.0')
})

test('--json: one document, also when it fails', async () => {
  const good = await runCli(['pull', 'acme/dogs@v1', '--json'], environment())
  expect(JSON.parse(good.stdout)).toMatchObject({
    id: 'acme/dogs',
    revision: hub.commit,
    license: 'cc-by-nc-sa-4.0',
    files: 2,
  })
  const bad = await runCli(['pull', 'acme/cats', '--json'], environment())
  expect(bad.code).toBe(1)
  expect(JSON.parse(bad.stdout).error.code).toBe('HUB_NOT_FOUND')
  const id = await runCli(['pull', 'no such id', '--json'], environment())
  expect([id.code, JSON.parse(id.stdout).error.code]).toEqual([2, 'INVALID_OPTION'])
})

test('an interrupt ends it with 130; the next pull goes on', async () => {
  hub.faults.set(unet, { hang: true })
  const [child, done] = start(['pull', 'acme/dogs', '--json'], environment())
  while (hub.requestsFor(unet).length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  await new Promise((resolve) => setTimeout(resolve, 200))
  child.kill('SIGINT')
  const { code, stdout } = await done
  expect(code).toBe(130)
  expect(JSON.parse(stdout).error.code).toBe('ABORTED')
  hub.faults.clear()
  expect((await runCli(['pull', 'acme/dogs'], environment())).code).toBe(0)
  expect(hub.requestsFor(unet).at(-1)?.range).toBe('bytes=1-')
})
