import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { DeviceUnavailableError, DisposedError, InvalidOptionError } from '../../lib/errors.js'
import { loadNative } from '../../lib/native/load.js'
import { Tensor } from '../../lib/tensor.js'

const { core } = loadNative({ cuda: false })
const values = [0, 1, -2, 3.5, 65504, 1e-3]
const tensor = () => new Tensor(core.NativeTensor.from(Float32Array.from(values), [2, 3]))

test('tells what it is', () => {
  const t = tensor()
  expect([t.shape, t.dtype, t.device, t.disposed]).toEqual([[2, 3], 'float32', 'cpu', false])
  expect(inspect(t)).toBe('Tensor([2, 3], float32, cpu)')
  t.dispose()
  expect(inspect(t)).toBe('Tensor(disposed)')
})

test('gives its elements in memory of their own', async () => {
  const t = tensor()
  const first = (await t.data()) as Float32Array
  expect(first).toEqual(Float32Array.from(values))
  first.fill(9)
  expect(await t.data()).toEqual(Float32Array.from(values))
  t.dispose()
  expect(first[0]).toBe(9)
})

test.each([
  ['float64', Float64Array, 0],
  ['float16', Float32Array, 2 ** -10],
  ['bfloat16', Float32Array, 2 ** -8],
] as const)('converts to %s and leaves itself as it is', async (dtype, array, error) => {
  const t = tensor()
  const other = t.to({ dtype })
  expect([other.dtype, other.shape, t.dtype]).toEqual([dtype, [2, 3], 'float32'])
  const data = (await other.data()) as Float32Array
  expect(data).toBeInstanceOf(array)
  values.forEach((value, i) => {
    const wanted = Math.fround(value)
    expect(Math.abs(data[i] - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * error)
  })
  t.dispose()
  expect(await other.data()).toHaveLength(6)
  other.dispose()
})

test('counts its bytes until it is disposed, twice or not', () => {
  const before = core.liveTensorBytes()
  const t = tensor()
  const copy = t.to({})
  expect(core.liveTensorBytes() - before).toBe(48)
  t.dispose()
  t[Symbol.dispose]()
  expect(core.liveTensorBytes() - before).toBe(24)
  copy.dispose()
  expect(core.liveTensorBytes()).toBe(before)
})

test('an empty one and a scalar', async () => {
  const empty = new Tensor(core.NativeTensor.from(new Float32Array(0), [0, 3]))
  expect([empty.shape, await empty.data()]).toEqual([[0, 3], new Float32Array(0)])
  const scalar = new Tensor(core.NativeTensor.from(Float32Array.of(7), []))
  expect([scalar.shape, await scalar.data()]).toEqual([[], Float32Array.of(7)])
})

test('refuses everything once it is disposed', async () => {
  const t = tensor()
  t.dispose()
  for (const use of [
    () => t.shape,
    () => t.dtype,
    () => t.device,
    () => t.to({}),
    () => t.native,
  ]) {
    expect(use).toThrow(DisposedError)
  }
  await expect(t.data()).rejects.toMatchObject({ code: 'DISPOSED' })
})

test('refuses what it cannot become', () => {
  const t = tensor()
  const to = (target: object) => () => t.to(target)
  expect(to({ device: 'gpu' })).toThrow(InvalidOptionError)
  expect(to({ device: 'gpu' })).toThrow("device: expected cpu, cuda or cuda:N, got 'gpu'")
  expect(to({ dtype: 'int8' })).toThrow('dtype: expected float32, float64, float16 or bfloat16')
  expect(to({ dtype: 7 })).toThrow('got 7')
  expect(to({ device: 'cuda:99' })).toThrow(DeviceUnavailableError)
  expect(to({ device: 'cuda:99' })).toThrow("There is no device 'cuda:99'")
  expect(t.to({ device: 'cpu' }).device).toBe('cpu')
})
