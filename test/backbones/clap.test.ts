/** What is known of CLAP's audio tower before libtorch is opened. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeBackbone } from '../../lib/backbones/describe.js'
import { InvalidModelError, InvalidWeightsError } from '../../lib/errors.js'
import { readWeights } from '../../lib/weights/read.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { tinyModel } from '../models'
import { scratchFolder } from '../weights/scratch.js'

const scratch = scratchFolder()
const clap = (model: string, dtype?: 'bfloat16') =>
  describeBackbone({ kind: 'clap', model }, { dtype })

function copy(name: string): { model: string; tower: string; weights: string } {
  const model = join(scratch, name)
  cpSync(tinyModel, model, { recursive: true })
  const tower = join(model, 'audio_encoder')
  return { model, tower, weights: join(tower, 'model.safetensors') }
}

test('the same weights have the same hash in one file and in shards, in any dtype', async () => {
  const whole = await clap(tinyModel)
  expect(whole).toMatchObject({ name: 'clap', sampleRate: 48_000, randomWeights: true })
  expect((await clap(tinyModel, 'bfloat16')).hash).toBe(whole.hash)

  const { model, tower, weights } = copy('sharded')
  const tensors = [...(await readWeights(weights))]
  const shards = { 'a.safetensors': tensors.slice(0, 9), 'b.safetensors': tensors.slice(9) }
  const weightMap: Record<string, string> = {}
  for (const [shard, part] of Object.entries(shards)) {
    await writeSafetensors(join(tower, shard), part)
    for (const [name] of part) weightMap[name] = shard
  }
  rmSync(weights)
  const index = JSON.stringify({ weight_map: weightMap })
  writeFileSync(join(tower, 'model.safetensors.index.json'), index)
  const sharded = await clap(model)
  expect(sharded.settings).toEqual(whole.settings)
  expect(sharded.hash).toBe(whole.hash)
})

test('another range of frequencies has another hash', async () => {
  const { model, tower } = copy('range')
  const file = join(tower, 'preprocessor_config.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...config, frequency_min: 0 }))
  expect((await clap(model)).hash).not.toBe((await clap(tinyModel)).hash)
})

test('a tower that is absent or damaged is refused', async () => {
  const deaf = copy('deaf')
  rmSync(deaf.tower, { recursive: true })
  await expect(clap(deaf.model)).rejects.toThrow(InvalidModelError)
  const cut = copy('cut')
  writeFileSync(cut.weights, readFileSync(cut.weights).subarray(0, 9999))
  await expect(clap(cut.model)).rejects.toThrow(InvalidWeightsError)
})
