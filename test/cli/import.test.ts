import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { HubServer } from '../hub/hub-server.js'
import { compileLibrary, runCli } from './run-cli.js'

let work: string
beforeAll(compileLibrary)
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-import-'))
  writeFileSync(join(work, 'x.ckpt'), 'this is no checkpoint')
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

async function refusal(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { code, stdout } = await runCli(['import', ...args, '--json'], {
    HF_HUB_CACHE: join(work, 'cache'),
    HF_HUB_OFFLINE: '',
    HF_TOKEN: '',
    ...env,
  })
  return { exit: code, ...JSON.parse(stdout).error }
}

const checkpoint = () => join(work, 'x.ckpt')
const out = () => join(work, 'out')

test('a checkpoint that is not there, and a file that is none', async () => {
  const absent = await refusal([join(work, 'absent.ckpt'), out()])
  expect(absent).toMatchObject({ exit: 2, code: 'INVALID_OPTION' })
  const tokenizer = join(work, 'tokenizer')
  mkdirSync(tokenizer)
  writeFileSync(join(tokenizer, 'tokenizer.json'), '{}')
  const damaged = await refusal([checkpoint(), out(), '--tokenizer', tokenizer])
  expect(damaged).toMatchObject({ exit: 2, code: 'INVALID_WEIGHTS' })
  expect(damaged.message).toContain(checkpoint())
  expect(readdirSync(work).sort()).toEqual(['tokenizer', 'x.ckpt'])
})

test('a tokenizer that cannot be had says how to give one', async () => {
  const offline = await refusal([checkpoint(), out()], { HF_HUB_OFFLINE: '1' })
  expect(offline).toMatchObject({ exit: 1, code: 'HUB_OFFLINE' })
  expect(offline.hint).toContain('--tokenizer DIR')
  const empty = await refusal([checkpoint(), out(), '--tokenizer', work])
  expect(empty.message).toContain('--tokenizer')
  const absent = await refusal([checkpoint(), out(), '--tokenizer', './no/such'])
  expect(absent.message).toContain('there is no folder ./no/such')
})

test('the tokenizer is pulled from the hub unless it is here', async () => {
  const hub = await HubServer.start()
  hub.add('model_index.json', '{}')
  hub.add('tokenizer/vocab.json', '{"a": 0}')
  hub.add('tokenizer/merges.txt', '#version: 0.2')
  const args = [checkpoint(), out(), '--tokenizer', 'acme/dogs']
  const env = { HF_ENDPOINT: hub.url }
  expect((await refusal(args, env)).code).toBe('INVALID_WEIGHTS')
  expect(
    hub
      .requestsFor('resolve')
      .map(({ path }) => path.split('/').at(-1))
      .sort(),
  ).toEqual(['merges.txt', 'vocab.json'])
  await hub.stop()
  expect((await refusal(args, env)).code).toBe('INVALID_WEIGHTS')
})
