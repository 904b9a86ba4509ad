import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { narrowWeights, scratch, writeSounds } from '../score/fixture.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = scratch()
const at = (name: string) => join(work.path, name)
let folder: string
let flags: string[]

beforeAll(() => {
  compileLibrary()
  folder = writeSounds(work.path, 'sounds', 5)
  flags = ['--vggish', narrowWeights().vggish, '--device', 'cpu', '--cache-dir', at('cache')]
})
afterAll(work.remove)

test('processes that share a set write a file each, and these are merged', async () => {
  const out = ['-o', at('part.safetensors')]
  for (const RANK of ['0', '1']) {
    const env = { RANK, WORLD_SIZE: '2' }
    const { code, stdout } = await runCli(['stats', folder, ...out, ...flags, '--json'], env)
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.path).toBe(at(`part-0000${RANK}-of-00002.safetensors`))
    expect(result.shard).toEqual({ index: Number(RANK), count: 2 })
    expect(result.count).toBe(RANK === '0' ? 3 : 2)
  }
  const parts = ['0', '1'].map((rank) => at(`part-0000${rank}-of-00002.safetensors`))
  const merged = await runCli(['stats', ...parts, '-o', at('whole.safetensors')])
  expect(merged).toMatchObject({ code: 0, stdout: `${at('whole.safetensors')}\n` })
  expect(merged.stderr).toContain('statistics of 5 clips: vggish')
})

test('what cannot be done', async () => {
  const refused = async (args: string[], env = {}) => {
    const run = await runCli(['stats', folder, ...args, '--json'], env)
    expect(run.code).toBe(2)
    return JSON.parse(run.stdout).error.message as string
  }
  const out = ['-o', at('x.safetensors')]
  expect(await refused([...out, '--shard', '2/2'])).toMatch(/^--shard: expected i\/n with i from 0/)
  expect(await refused(out, { WORLD_SIZE: '2' })).toContain("RANK is ''")
  expect(await refused(['-o', at('x.npz')])).toMatch(/^--out: expected a path that ends in/)
  const none = [...out, '--backbone', 'cnn14-32k']
  expect(await refused(none)).toMatch(/^--panns: no weights of cnn14-32k are given/)
  expect(existsSync(at('x.safetensors'))).toBe(false)
})
