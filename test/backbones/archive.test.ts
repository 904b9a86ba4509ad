/** Archives of a user's own, and weights that turn out to be no numbers when they are used. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Backbone, BackboneSpec } from '../../lib/backbones/backbone.js'
import { describeBackbone } from '../../lib/backbones/describe.js'
import { openBackbone } from '../../lib/backbones/open.js'
import { DisposedError, InvalidOptionError, InvalidWeightsError } from '../../lib/errors.js'
import { loadNative, type NativeCore } from '../../lib/native/load.js'
import { runPython } from '../python/run.js'
import { zip } from '../weights/craft.js'
import { scratchFolder } from '../weights/scratch.js'

const folder = scratchFolder()
const file = (name: string) => join(folder, name)
const archive = (name: string): BackboneSpec => ({
  kind: 'archive',
  archive: file(name),
  sampleRate: 8000,
})

let native: NativeCore
beforeAll(() => {
  native = loadNative({ cuda: false })
  runPython('backbones/archives.py', [folder])
})

const opened: Backbone[] = []
afterAll(async () => {
  await Promise.all(opened.map((backbone) => backbone.dispose()))
  expect(native.core.liveTensorBytes()).toBe(0)
})

async function open(spec: BackboneSpec): Promise<Backbone> {
  const backbone = await openBackbone(spec, { native, device: 'cpu', threads: 1 })
  opened.push(backbone)
  return backbone
}

/** Clips of a few different levels. */
async function embed(backbone: Backbone, clips: number, samples: number) {
  const data = Float32Array.from({ length: clips * samples }, (_, i) => Math.sin(i) / 2)
  const waveforms = native.core.NativeTensor.from(data, [clips, samples])
  try {
    const { embedding, logits } = await backbone.embed(waveforms)
    expect(logits).toBeUndefined()
    const result = { shape: embedding.shape, values: embedding.data() as Float32Array, data }
    embedding.dispose()
    return result
  } finally {
    waveforms.dispose()
  }
}

async function refusal(work: Promise<unknown>): Promise<InvalidOptionError> {
  const error = await work.then(
    () => undefined,
    (e) => e,
  )
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect(error.option).toBe('embedding')
  return error
}

test('rows [B, d], of batches of any size and length', async () => {
  const backbone = await open(archive('Levels.pt'))
  expect(backbone).toMatchObject({ name: 'archive', sampleRate: 8000, frames: undefined })
  for (const [clips, samples] of [
    [1, 500],
    [3, 200],
  ]) {
    const { shape, values, data } = await embed(backbone, clips, samples)
    expect(shape).toEqual([clips, 3])
    for (let clip = 0; clip < clips; clip++) {
      const part = data.subarray(clip * samples, (clip + 1) * samples)
      expect(values[3 * clip]).toBeCloseTo(part.reduce((a, b) => a + b * b, 0) / samples, 6)
      expect(values[3 * clip + 2]).toBe(Math.max(...part))
    }
  }
  expect(backbone.frames).toBe(false)
})

test('rows of frames [B, P, d], the first of several results; P may change, d may not', async () => {
  const backbone = await open(archive('Frames.pt'))
  expect((await embed(backbone, 2, 550)).shape).toEqual([2, 5, 3])
  expect((await embed(backbone, 1, 100)).shape).toEqual([1, 1, 3])
  expect(backbone.frames).toBe(true)
})

test('weights inside the archive are its own; the hash is that of the file', async () => {
  const backbone = await open(archive('Linear.pt'))
  expect((await embed(backbone, 2, 300)).shape).toEqual([2, 4])
  copyFileSync(file('Linear.pt'), file('copy.pt'))
  expect((await describeBackbone(archive('copy.pt'))).hash).toBe(backbone.hash)
  expect((await describeBackbone(archive('Levels.pt'))).hash).not.toBe(backbone.hash)
})

test.each([
  ['Flat.pt', 'gives [400] for 2 clips, expected [2, d] or [2, P, d]'],
  ['Transposed.pt', 'gives [200,2] for 2 clips'],
  ['Empty.pt', 'gives [2,0] for 2 clips'],
  ['NotANumber.pt', 'NaN or infinity'],
  ['Integers.pt', 'expected floats'],
  ['Failing.pt', 'give me more samples'],
  ['TwoInputs.pt', 'fails on waveforms [2,200]'],
])('%s is refused at its first use', async (name, message) => {
  const error = await refusal(open(archive(name)).then((backbone) => embed(backbone, 2, 200)))
  expect(error.message).toContain(file(name))
  expect(error.message).toContain(message)
})

test('rows that change their width', async () => {
  const backbone = await open(archive('Widening.pt'))
  expect((await embed(backbone, 2, 200)).shape).toEqual([2, 200])
  expect((await refusal(embed(backbone, 2, 300))).message).toContain('rows of 200 before')
})

test('a damaged archive', async () => {
  const whole = readFileSync(file('Levels.pt'))
  writeFileSync(file('cut.pt'), whole.subarray(0, whole.length - 200))
  await refusal(open(archive('cut.pt')))
  const entry = (name: string) => ({ name: `x/${name}`, data: Buffer.from('nonsense') })
  writeFileSync(file('nonsense.pt'), zip([entry('data.pkl'), entry('constants.pkl')]))
  await refusal(open(archive('nonsense.pt')))
})

test('weights that are NaN or infinite are found when the embeddings are', async () => {
  const backbone = await open({ kind: 'cnn14-16k', weights: file('nan.pth') })
  const error = await embed(backbone, 1, 16000).catch((e) => e)
  expect(error).toBeInstanceOf(InvalidWeightsError)
  expect(error.message).toContain(file('nan.pth'))
  expect(error.problems).toEqual(['conv_block2.bn1.running_var', 'fc1.bias'])
})

test('a few bytes that claim terabytes', async () => {
  const claim = describeBackbone({ kind: 'cnn14-16k', weights: file('claim.pth') })
  await expect(claim).rejects.toThrow(InvalidWeightsError)
  await expect(claim).rejects.toThrow('their elements overlap')
})

test('a disposed backbone says so', async () => {
  const backbone = await open(archive('Levels.pt'))
  await backbone.dispose()
  await expect(embed(backbone, 1, 100)).rejects.toThrow(DisposedError)
})
