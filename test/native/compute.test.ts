import { afterAll, describe, expect, test } from 'vitest'
import { AbortError, DisposedError } from '../../lib/errors.js'
import type { NativeTensor } from '../../lib/native/binding.js'
import { Compute } from '../../lib/native/compute.js'
import { loadNative } from '../../lib/native/load.js'

const native = loadNative({ cuda: false })
const { core } = native
const liveBefore = core.liveTensorBytes()
const compute = new Compute(native, 1)

const rows = (values: number[], shape: number[]) =>
  core.NativeTensor.from(Float64Array.from(values), shape)

/** The results' values; inputs and results are disposed of. */
async function run(name: string, inputs: NativeTensor[], parameters: Record<string, number> = {}) {
  const results = await compute.run(name, inputs, parameters).finally(() => {
    for (const input of inputs) input.dispose()
  })
  const values = results.map((result) => Array.from(result.data(), Number))
  for (const result of results) result.dispose()
  return values
}

afterAll(async () => {
  await compute.dispose()
  expect(core.liveTensorBytes()).toBe(liveBefore)
})

describe('an operation', () => {
  test('gives its results in the dtype it computes in', async () => {
    for (const array of [Float32Array, Float64Array]) {
      const input = core.NativeTensor.from(array.of(1, 2, 3, 6), [2, 2])
      const [mean, factor] = await compute.run('statistics', [input])
      expect([mean.dtype, mean.shape, mean.device]).toEqual(['float64', [2], 'cpu'])
      expect(Array.from(mean.data(), Number)).toEqual([2, 4])
      for (const each of [input, mean, factor]) each.dispose()
    }
  })

  test('takes named numbers and tensors of an operation before it', async () => {
    const input = rows([1, 2, 3, 6], [2, 2])
    const [mean, factor] = await compute.run('statistics', [input])
    mean.dispose()
    input.dispose()
    const [covariance] = await run('covariance', [factor], { count: 2 })
    for (const [i, value] of [2, 4, 4, 8].entries()) expect(covariance[i]).toBeCloseTo(value, 12)
  })

  test('is one of several at once, each with its own result', async () => {
    const many = Array.from({ length: 20 }, (_, i) => run('statistics', [rows([i, i + 2], [2, 1])]))
    const means = (await Promise.all(many)).map(([mean]) => mean[0])
    expect(means).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })
})

describe('an operation fails', () => {
  test.each<[string, string, NativeTensor[], Record<string, number>, string]>([
    ['an unknown name', 'divination', [], {}, "There is no operation 'divination'."],
    ['no name', '', [], {}, "There is no operation ''."],
    ['no input', 'statistics', [], {}, "statistics: The input 'rows' is missing."],
    ['a flat input', 'statistics', [rows([1], [1])], {}, "The input 'rows' does not have 2"],
    ['an empty input', 'statistics', [rows([], [0, 3])], {}, "The input 'rows' is empty."],
    ['no parameter', 'covariance', [rows([1], [1, 1])], {}, "The parameter 'count' is missing."],
    ['NaN', 'covariance', [rows([1], [1, 1])], { count: Number.NaN }, "'count' is not finite"],
    ['half a row', 'covariance', [rows([1], [1, 1])], { count: 2.5 }, "'count' is not a whole"],
    ['one row', 'covariance', [rows([1], [1, 1])], { count: 1 }, "'count' is not a whole number"],
  ])('%s', async (_, name, inputs, parameters, message) => {
    const failing = run(name, inputs, parameters)
    await expect(failing).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    await expect(failing).rejects.toThrow(message)
  })

  // biome-ignore lint/suspicious/noExplicitAny: as someone who ignores the types would call it.
  type Any = any
  test.each<[string, Any[], string]>([
    ['no operation', [undefined, []], 'operation is not a string'],
    ['no inputs', ['statistics', 7], 'inputs is not an array'],
    ['an input', ['statistics', [7]], 'expected a NativeTensor'],
    ['a parameter', ['statistics', [], { count: '2' }], 'count is not a number'],
    ['parameters', ['statistics', [], 2], 'parameters is not an object'],
  ])('hostile: %s', async (_, args, message) => {
    await expect((compute.run as Any)(...args)).rejects.toThrow(message)
  })

  test.each<[unknown, string]>([
    [undefined, 'threads is not a number'],
    [0, 'threads is not 1 to 1024'],
    [1e9, 'threads is not 1 to 1024'],
    [1.5, 'threads is not a whole number'],
  ])('an engine with %s threads', (threads, message) => {
    expect(() => new Compute(native, threads as number)).toThrow(message)
  })
})

describe('an engine ends', () => {
  const reason = new Error('enough')
  // Of one minute each: many seconds of work, with a look at the flag after each.
  const clip = core.NativeTensor.from(new Float32Array(44100 * 60), [1, 44100 * 60])
  afterAll(() => clip.dispose())
  const long = (engine: Compute, signal?: AbortSignal) => {
    const parameters = {
      rate: 44100,
      target_rate: 16000,
      mono: 0,
      remove_mean: 0,
      min_samples: 0,
      lowpass_filter_width: 64,
      rolloff: 0.9475937167399596,
      beta: 14.769656459379492,
    }
    return engine.run('prepare', new Array(500).fill(clip), parameters, signal)
  }

  test('an operation by an abort, before and while, and none beside it', async () => {
    const before = long(compute, AbortSignal.abort(reason))
    await expect(before).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    const controller = new AbortController()
    const running = long(compute, controller.signal)
    const waiting = long(compute, controller.signal)
    const another = run('statistics', [rows([1, 3], [2, 1])])
    const started = performance.now()
    setTimeout(() => controller.abort(reason), 200)
    for (const job of [running, waiting]) {
      await expect(job).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
      await expect(job).rejects.toBeInstanceOf(AbortError)
    }
    expect((await another)[0]).toEqual([2])
    const seconds = (performance.now() - started) / 1000
    expect(seconds).toBeGreaterThan(0.19)
    expect(seconds).toBeLessThan(10)
  })

  test('with all its operations when it is disposed, and says what it is', async () => {
    const engine = new Compute(native, 1)
    const jobs = [long(engine), long(engine)]
    const disposed = new Promise((resolve) => setTimeout(resolve, 100)).then(() => engine.dispose())
    for (const job of jobs) {
      await expect(job).rejects.toBeInstanceOf(DisposedError)
      await expect(job).rejects.toThrow('this compute engine was disposed')
    }
    await Promise.all([disposed, engine.dispose()])
    await expect(engine.run('statistics', [])).rejects.toBeInstanceOf(DisposedError)
  })

  test('by shutdown, without a word', async () => {
    const engine = new core.NativeCompute(1)
    const events: string[] = []
    engine.run('statistics', [], {}, ({ type }) => events.push(type))
    core.shutdown()
    expect(() => engine.run('statistics', [], {}, () => {})).toThrow('compute engine was disposed')
    await new Promise<void>((done) => engine.dispose(done))
    expect(events).toEqual([])
  })
})
