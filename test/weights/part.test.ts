import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidModelError, InvalidWeightsError } from '../../lib/errors.js'
import { contiguousStrides, type DType, type TensorSource } from '../../lib/native/tensor-table.js'
import { checkTensors, normalizeNames } from '../../lib/weights/names.js'
import { readPartWeights } from '../../lib/weights/part.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { scratchFolder } from './scratch.js'

const root = scratchFolder()

async function folder(name: string, files: Record<string, string[]>): Promise<string> {
  const dir = join(root, name)
  mkdirSync(dir)
  for (const [file, tensors] of Object.entries(files)) {
    await writeSafetensors(
      join(dir, file),
      tensors.map((t) => [t, { dtype: 'float32', shape: [1], data: new Float32Array(1) }]),
    )
  }
  return dir
}

function index(dir: string, file: string, map: unknown): string {
  writeFileSync(join(dir, file), JSON.stringify({ metadata: {}, weight_map: map }))
  return dir
}

describe('the weights of a part', () => {
  test('are found under every published name', async () => {
    for (const file of ['diffusion_pytorch_model.safetensors', 'model.safetensors']) {
      const dir = await folder(file, { [file]: ['a'] })
      const { tensors, files } = await readPartWeights(dir)
      expect([...tensors.keys()]).toEqual(['a'])
      expect(files).toEqual([join(dir, file)])
    }
  })

  test('are the variant asked for, and fp16 only where there is nothing else', async () => {
    const dir = await folder('variants', {
      'model.safetensors': ['plain'],
      'model.fp16.safetensors': ['half'],
    })
    expect([...(await readPartWeights(dir)).tensors.keys()]).toEqual(['plain'])
    expect([...(await readPartWeights(dir, { variant: 'fp16' })).tensors.keys()]).toEqual(['half'])
    await expect(readPartWeights(dir, { variant: 'bf16' })).rejects.toThrow(/model\.bf16\.safet/)
    const half = await folder('half', { 'diffusion_pytorch_model.fp16.safetensors': ['half'] })
    expect([...(await readPartWeights(half)).tensors.keys()]).toEqual(['half'])
  })

  test('come from shards by their index, of a variant too', async () => {
    for (const dot of ['', '.fp16']) {
      const [one, two] = [1, 2].map((n) => `model${dot}-0000${n}-of-00002.safetensors`)
      const dir = await folder(`shards${dot}`, { [one]: ['a', '__proto__'], [two]: ['b'] })
      const map = JSON.parse(`{"a":"${one}","__proto__":"${one}","b":"${two}"}`)
      index(dir, `model.safetensors.index${dot}.json`, map)
      const { tensors, files } = await readPartWeights(dir)
      expect([...tensors.keys()].sort()).toEqual(['__proto__', 'a', 'b'])
      expect(tensors.get('b')?.file).toBe(join(dir, two))
      expect(files).toEqual([join(dir, one), join(dir, two)])
    }
  })

  test('are refused where index and shards disagree, all problems listed', async () => {
    const one = 'model-1.safetensors'
    const dir = await folder('disagree', { [one]: ['a'], 'model-2.safetensors': ['a', 'c'] })
    index(dir, 'model.safetensors.index.json', { a: one, b: one, c: 'model-2.safetensors' })
    const error = await readPartWeights(dir).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InvalidWeightsError)
    expect((error as InvalidWeightsError).problems).toEqual([
      'a is in more than one shard',
      'a is not in model-1.safetensors',
      'b is not in model-1.safetensors',
    ])
    index(dir, 'model.safetensors.index.json', { a: one, z: 'gone.safetensors' })
    await expect(readPartWeights(dir)).rejects.toThrow(/missing shard: gone\.safetensors/)
  })

  test.each([
    '../a.safetensors',
    '/etc/a.safetensors',
    'sub/a.safetensors',
    'a\\b.safetensors',
    'a\0.safetensors',
    'a.bin',
    '',
    7,
    null,
  ])('refuses the shard name %j', async (shard) => {
    const dir = join(root, `traversal-${Math.random()}`)
    mkdirSync(dir)
    index(dir, 'model.safetensors.index.json', { a: shard })
    await expect(readPartWeights(dir)).rejects.toThrow(/names the shard/)
  })

  test.each([
    '[]',
    '{}',
    'null',
    '{"weight_map":[]}',
    '{"weight_map":{}}',
    '{',
  ])('refuses the index %s', async (text) => {
    const dir = join(root, `index-${Math.random()}`)
    mkdirSync(dir)
    writeFileSync(join(dir, 'model.safetensors.index.json'), text)
    await expect(readPartWeights(dir)).rejects.toThrow(InvalidWeightsError)
  })

  test('are missed by name', async () => {
    const dir = await folder('empty', {})
    const error = await readPartWeights(dir).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(InvalidModelError)
    expect((error as Error).message).toContain(dir)
    expect((error as Error).message).toContain('diffusion_pytorch_model.safetensors')
    expect((error as Error).message).toContain('pytorch_model.bin.index.json')
    await expect(readPartWeights(join(root, 'gone'))).rejects.toThrow(/no such folder/)
    symlinkSync(join(root, 'blob'), join(dir, 'model.safetensors'))
    await expect(readPartWeights(dir)).rejects.toThrow(/no such file/)
  })

  test('may be links into a cache', async () => {
    const dir = await folder('snapshot', { 'model.safetensors': ['a'] })
    renameSync(join(dir, 'model.safetensors'), join(root, 'cached-blob'))
    symlinkSync('../cached-blob', join(dir, 'model.safetensors'))
    expect((await readPartWeights(dir)).tensors.size).toBe(1)
  })
})

function tensor(shape: number[], dtype: DType = 'float32'): TensorSource {
  return { file: 'f', offset: 0, dtype, shape, strides: contiguousStrides(shape) }
}

describe('names', () => {
  const attention = 'encoder.mid_block.attentions.0'

  test('of both generations of the VAE attention become the new ones', () => {
    const old = new Map([
      [`${attention}.query.weight`, tensor([4, 4])],
      [`${attention}.key.weight`, tensor([4, 4, 1, 1])],
      [`${attention}.value.bias`, tensor([4])],
      [`${attention}.proj_attn.weight`, tensor([4, 4])],
      [`${attention}.group_norm.weight`, tensor([4])],
      ['quant_conv.weight', tensor([4, 4, 1, 1])],
    ])
    const names = normalizeNames(old, 'vae')
    expect([...names].map(([name, { shape, strides }]) => [name, shape, strides])).toEqual([
      [`${attention}.to_q.weight`, [4, 4], [4, 1]],
      [`${attention}.to_k.weight`, [4, 4], [4, 1]],
      [`${attention}.to_v.bias`, [4], [1]],
      [`${attention}.to_out.0.weight`, [4, 4], [4, 1]],
      [`${attention}.group_norm.weight`, [4], [1]],
      ['quant_conv.weight', [4, 4, 1, 1], [4, 1, 1, 1]],
    ])
    expect(normalizeNames(names, 'vae')).toEqual(names)
  })

  test('of a UNet and a text encoder stay', () => {
    const table = new Map([
      ['mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight', tensor([4, 4])],
      ['mid_block.attentions.0.proj_in.weight', tensor([4, 4, 1, 1])],
      ['text_model.encoder.layer.0.attention.self.query.weight', tensor([4, 4])],
    ])
    expect(normalizeNames(table, 'unet')).toEqual(table)
  })

  test('of recomputed buffers go', () => {
    const table = new Map([
      ['text_model.embeddings.position_ids', tensor([1, 514], 'int64')],
      ['text_model.embeddings.token_type_ids', tensor([1, 514], 'int64')],
      ['text_model.embeddings.position_embeddings.weight', tensor([514, 4])],
    ])
    const kept = normalizeNames(table, 'text_encoder')
    expect([...kept.keys()]).toEqual(['text_model.embeddings.position_embeddings.weight'])
  })

  test('given twice are ambiguous', () => {
    const table = new Map([
      [`${attention}.query.weight`, tensor([4, 4])],
      [`${attention}.to_q.weight`, tensor([4, 4])],
    ])
    expect(() => normalizeNames(table, 'vae')).toThrow(/to_q\.weight is there under two names/)
  })
})

test('a table that does not fit gives every problem at once', () => {
  const table = new Map([
    ['good', tensor([2, 3])],
    ['turned', tensor([3, 2])],
    ['flat', tensor([6])],
    ['whole', tensor([1], 'int64')],
    ['more', tensor([1])],
  ])
  const expected = new Map([
    ['good', [2, 3]],
    ['turned', [2, 3]],
    ['flat', [2, 3]],
    ['whole', [1]],
    ['absent', [5]],
  ])
  const check = () => checkTensors(table, expected, 'model/unet')
  expect(check).toThrow(InvalidWeightsError)
  try {
    check()
  } catch (error) {
    expect((error as Error).message).toContain('model/unet')
    expect((error as InvalidWeightsError).problems).toEqual([
      'wrong shape: turned is [3, 2], expected [2, 3]',
      'wrong shape: flat is [6], expected [2, 3]',
      'wrong type: whole holds int64, weights are floating-point numbers',
      'missing: absent [5]',
      'unexpected: more',
    ])
  }
  table.clear()
  expect(() => checkTensors(table, new Map(), 'model/unet')).not.toThrow()
})
