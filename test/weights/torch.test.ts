import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { InvalidWeightsError } from '../../lib/errors.js'
import { type DType, itemSize } from '../../lib/native/tensor-table.js'
import { reachOf } from '../../lib/weights/extent.js'
import { readPartWeights } from '../../lib/weights/part.js'
import { readWeights, readWeightsFile } from '../../lib/weights/read.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { verifyTorchZip } from '../../lib/weights/torch-zip.js'
import { runPython } from '../python/run.js'
import { scratchFolder } from './scratch.js'

const dir = scratchFolder()
type Expected = Record<string, { dtype: string; shape: number[]; values: (number | boolean)[] }>
let expected: Record<string, Expected>

beforeAll(() => {
  runPython('weights/python/torch_files.py', [dir])
  expected = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))
})

const cases = [
  'module',
  'shared',
  'dtypes',
  'lightning',
  'wrapped',
  'generator',
  'parameters',
  'numbers',
  'subclass',
  'names',
]

describe.each(['.pt', '.legacy.pt', '.4.pt', '.legacy.5.pt'])('files named *%s', (ending) => {
  test.each(cases)('%s', async (name) => {
    const path = join(dir, `${name}${ending}`)
    const table = await readWeights(path)
    expect([...table.keys()]).toEqual(Object.keys(expected[name]))
    for (const [key, source] of table) {
      const { dtype, shape, values } = expected[name][key]
      expect([source.file, source.dtype, source.shape]).toEqual([path, dtype, shape])
      expect(Array.from(await readTensor(source), Number)).toEqual(values.map(Number))
    }
  })

  test('views share their storage instead of being copied', async () => {
    const table = await readWeights(join(dir, `shared${ending}`))
    const [base, view, expanded] = ['base', 'view', 'expanded'].map((n) => table.get(n))
    expect((view?.offset ?? 0) - (base?.offset ?? 0)).toBe(16)
    expect(table.get('transposed')?.strides).toEqual([1, 6])
    expect(expanded?.strides).toEqual([0, 0])
  })

  test('plain numbers, NumPy scalars and arrays are data', async () => {
    const { scalars, arrays } = await readWeightsFile(join(dir, `numbers${ending}`))
    expect(Object.fromEntries(scalars)).toEqual({
      float32: 0.5,
      float64: 0.1,
      int: -3,
      flag: true,
      python: 0.9227914214134216,
      text: 'tiny',
    })
    const array = arrays.get('array')
    expect([array?.dtype, array?.shape, array?.fortran]).toEqual(['float32', [2, 3], false])
    const data = new Float32Array(new Uint8Array(array?.data as Buffer).buffer)
    expect([...data]).toEqual([0, 1, 2, 3, 4, 5])
    const lightning = await readWeightsFile(join(dir, `lightning${ending}`))
    expect(Object.fromEntries(lightning.scalars)).toEqual({
      epoch: 3,
      global_step: 2 ** 40,
      scale: 0.75,
    })
  })
})

test.each([
  ['complex.pt', /a: the element type ComplexFloatStorage is not supported/],
  ['list.pt', /no dictionary of tensors/],
  ['no-tensors.pt', /no tensors at its top.*its keys are "a"/],
  ['scripted.pt', /is a TorchScript archive/],
])('%s is refused with its reason', async (name, reason) => {
  const error = await readWeights(join(dir, name)).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(InvalidWeightsError)
  expect((error as Error).message).toContain(join(dir, name))
  expect((error as Error).message).toMatch(reason)
})

test('checksums of a good file verify', async () => {
  const path = join(dir, 'dtypes.pt')
  let records = 0
  await verifyTorchZip(path, await readWeights(path), () => records++)
  expect(records).toBe(Object.keys(expected.dtypes).length)
})

test('a .bin in a part folder is found and read', async () => {
  const part = join(dir, 'part')
  mkdirSync(part)
  renameSync(join(dir, 'wrapped.pt'), join(part, 'diffusion_pytorch_model.bin'))
  const { tensors, files } = await readPartWeights(part)
  expect([...tensors.keys()]).toEqual(['weight'])
  expect(files).toEqual([join(part, 'diffusion_pytorch_model.bin')])
})

test('random damage gives a typed error, or a table that stays inside the file', async () => {
  let state = 1
  const random = (limit: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return state % limit
  }
  const path = join(dir, 'damaged')
  for (const name of ['shared.pt', 'lightning.pt', 'lightning.legacy.pt', 'numbers.4.pt']) {
    const whole = readFileSync(join(dir, name))
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(whole)
      for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256)
      writeFileSync(path, bytes)
      const result = await readWeights(path).catch((error: unknown) => error)
      if (!(result instanceof Map)) {
        expect(result).toBeInstanceOf(InvalidWeightsError)
        continue
      }
      for (const { offset, shape, strides, dtype } of result.values()) {
        const reach = reachOf(shape, strides) as number
        expect(offset + reach * itemSize[dtype as DType]).toBeLessThanOrEqual(bytes.length)
      }
    }
  }
})
