/** Training changes what it trains, and nothing else. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import type { TensorTable } from '../../lib/native/tensor-table.js'
import { Trainer } from '../../lib/native/trainer.js'
import type { Tensor } from '../../lib/tensor.js'
import { readSafetensors } from '../../lib/weights/safetensors.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { tinyModel } from '../models'
import { type MadeUp, makeData, native, readTiny, type SpecChange, specOf } from './setup.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-frozen-'))
const adapted = ['class_embedding', 'mid_block.attentions.0.transformer_blocks.0.attn1.to_q']
const lora = { rank: 2, alpha: 4, modules: adapted }
let folder: ModelFolder
let model: Model
let made: MadeUp
beforeAll(async () => {
  folder = await readTiny()
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  made = makeData(4)
})
afterAll(async () => {
  made.dispose()
  await model.dispose()
  rmSync(work, { recursive: true })
})

const hashOf = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

/** Of every file of the model. */
function hashes(dir = tinyModel): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .filter((name) => statSync(join(dir, name)).isFile())
    .map((name) => `${name} ${hashOf(readFileSync(join(dir, name)))}`)
}

/** What the parts that are not trained make of text, sound and latents. */
async function outputs(): Promise<unknown[]> {
  const channel = Float32Array.from({ length: 16_000 }, (_, i) => 0.4 * Math.sin(i * i * 1e-5))
  const sound = { samples: channel, sampleRate: 16_000 }
  const latents = await model.encodeAudio(sound)
  const audio = await model.decodeLatents(latents)
  const tensors: Tensor[] = [
    latents,
    await model.embedText(['rain', '']),
    await model.embedAudio(sound),
  ]
  const values: unknown[] = await Promise.all(tensors.map((tensor) => tensor.data()))
  values.push(await audio[0].toFloat32Array())
  for (const one of [...tensors, ...audio]) one.dispose()
  return values
}

describe.each<[string, SpecChange]>([
  ['all weights', { learningRate: 1e-2 }],
  ['adapters', { lora, learningRate: 1e-2 }],
])('training %s', (name, change) => {
  test('leaves the files and the other parts as they are, bit by bit', async () => {
    const [files, before] = [hashes(), await outputs()]
    expect(files.length).toBeGreaterThan(10)
    const trainer = await Trainer.load(native, specOf(folder, change))
    await trainer.train(made.data, 5, () => {})
    await trainer.save(
      join(work, `${name}.safetensors`),
      trainer.trainable.map((one) => ({ name: one.name, source: `trainable/${one.name}` })),
    )
    expect(await outputs()).toEqual(before)
    await trainer.dispose()
    expect(await outputs()).toEqual(before)
    expect(hashes()).toEqual(files)
  })
})

describe('with adapters the weights of the model stay as they are, bit by bit', () => {
  const names = () => [...folder.parts.unet.plan.tensors.keys()]
  const targets = adapted.map((module) => `${module}.weight`)
  let count = 0

  /** Hashes of the weights that inference is given. */
  async function merged(trainer: Trainer): Promise<Map<string, string>> {
    const path = join(work, `merged-${count++}.safetensors`)
    await trainer.save(
      path,
      names().map((name) => ({ name, source: `merged/${name}` })),
    )
    return tensorHashes(await readSafetensors(path))
  }

  async function tensorHashes(table: TensorTable): Promise<Map<string, string>> {
    const all = new Map<string, string>()
    for (const [name, source] of table) {
      const { buffer } = await readTensor(source)
      all.set(name, hashOf(new Uint8Array(buffer)))
    }
    return all
  }

  test('those that have one are the same beneath it', async () => {
    const base = await tensorHashes(folder.parts.unet.tensors)
    const change = { lora, learningRate: 1e-2 }
    const trainer = await Trainer.load(native, specOf(folder, change))
    expect(await merged(trainer)).toEqual(base)

    await trainer.train(made.data, 5, () => {})
    const after = await merged(trainer)
    const changed = names().filter((name) => after.get(name) !== base.get(name))
    expect(changed.sort()).toEqual([...targets].sort())

    // The same adapters above weights that were read anew give the same.
    const state = join(work, 'state.safetensors')
    const kinds = ['trainable', 'ema', 'exp_avg', 'exp_avg_sq']
    const sources = trainer.trainable.flatMap(({ name }) => kinds.map((kind) => `${kind}/${name}`))
    await trainer.save(
      state,
      [...sources, 'counters'].map((source) => ({ name: source, source })),
    )
    await trainer.dispose()
    const again = await Trainer.load(native, specOf(folder, change, await readSafetensors(state)))
    expect(await merged(again)).toEqual(after)
    await again.dispose()
  })
})
