/** `audioldm import` of backbone weights, as a user runs it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { craftCnn14, craftVggish, without, write } from '../backbones/craft.js'
import { tensorPickle, torchZip } from '../weights/craft.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-import-'))
beforeAll(compileLibrary)
afterAll(() => rmSync(work, { recursive: true, force: true }))

const file = (name: string) => join(work, name)
// No test here may look for a tokenizer.
const env = { HF_HUB_CACHE: file('cache'), HF_HUB_OFFLINE: '1' }
const run = (...args: string[]) => runCli(['import', ...args], env)

test('writes one file and lists what it used and ignored', async () => {
  const source = await write(file('Cnn14_mAP=0.431.pth'), craftCnn14(1024))
  const out = file('cnn14.safetensors')
  const { code, stdout, stderr } = await run(source, out, '--json')
  expect(code).toBe(0)
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({ path: out, architecture: 'cnn14-32k', sampleRate: 32000 })
  expect(result.used).toHaveLength(71)
  expect(result.used).toContain('logmel_extractor.melW')
  expect(result.ignored).toHaveLength(13)
  expect(stderr).toContain('cnn14-32k: 71 tensors written, 13 ignored')
  expect(stderr).toContain('ignored: bn0.num_batches_tracked')
  const metadata = await readSafetensorsMetadata(out)
  expect(metadata.get('source')).toBe('Cnn14_mAP=0.431.pth')
  expect(metadata.get('source_sha256')).toBe(result.sourceSha256)

  const plain = await run(source, out)
  expect([plain.code, plain.stdout]).toEqual([0, `${out}\n`])
})

test('a backbone becomes a file, not a folder', async () => {
  const source = await write(file('vggish.pth'), craftVggish())
  const { code, stdout } = await run(source, file('out'), '--json')
  expect(code).toBe(2)
  const { error } = JSON.parse(stdout)
  expect(error.message).toContain('VGGish')
  expect(error.hint).toContain(`${file('out')}.safetensors`)
})

test('weights that do not fit are listed, and nothing is left behind', async () => {
  const source = await write(file('bad.pth'), without(craftVggish(), 'features.3.bias'))
  writeFileSync(file('other.pth'), torchZip(tensorPickle()))
  const before = readdirSync(work)
  for (const [name, wanted] of [
    [source, 'missing: features.3.bias [2]'],
    [file('other.pth'), 'holds no weights of a backbone'],
  ]) {
    const { code, stdout } = await run(name, file('never.safetensors'), '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'INVALID_WEIGHTS' })
    expect(JSON.parse(stdout).error.message).toContain(wanted)
  }
  expect(readdirSync(work)).toEqual(before)
})
