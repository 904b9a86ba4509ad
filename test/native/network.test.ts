import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AbortError, DisposedError } from '../../lib/errors.js'
import type { NativeNetworkSpec, NativePart, NativeTensor } from '../../lib/native/binding.js'
import { loadNative } from '../../lib/native/load.js'
import { Network } from '../../lib/native/network.js'
import { makeArchives } from './archives.js'

const native = loadNative({ cuda: false })
const { core } = native
const liveBefore = core.liveTensorBytes()
const folder = makeArchives()

const tensor = (values: number[], shape = [values.length]) =>
  core.NativeTensor.from(Float32Array.from(values), shape)

function specOf(archive: string, part: Partial<NativePart> = {}): NativeNetworkSpec {
  const network = { archive: join(folder, archive), attributes: {}, weights: [], ...part }
  return { device: 'cpu', threads: 1, files: [], network }
}

async function withNetwork<T>(spec: NativeNetworkSpec, use: (network: Network) => Promise<T>) {
  const network = await Network.load(native, spec)
  try {
    return await use(network)
  } finally {
    await network.dispose()
  }
}

interface Result {
  dtype: string
  shape: number[]
  values: number[]
}

/** What a network gives for inputs, which are disposed of with the results. */
async function forward(network: Network, ...inputs: NativeTensor[]): Promise<Result[]> {
  const results = await network.forward(inputs).finally(() => {
    for (const input of inputs) input.dispose()
  })
  return results.map((result) => {
    const values = Array.from(result.data(), Number)
    const { dtype, shape } = result
    expect(result.device).toBe('cpu')
    result.dispose()
    return { dtype, shape, values }
  })
}

afterAll(() => expect(core.liveTensorBytes()).toBe(liveBefore))

describe('a forward', () => {
  test.each([
    'training.pt',
    'frozen.pt',
    'traced.pt',
  ])('of an archive with its weights inside, in evaluation: %s', async (archive) => {
    await withNetwork(specOf(archive), async (network) => {
      const [result] = await forward(network, tensor([1, 2, 3, 0, 0, 1], [2, 3]))
      expect(result).toEqual({ dtype: 'float32', shape: [2, 2], values: [17, 19.5, 12, 20.5] })
    })
  })

  test.each([
    'float64',
    'float32',
    'float16',
  ] as const)('of an archive whose weights are bound, from %s', async (dtype) => {
    const weight = tensor([1, 2, 3, 4], [2, 2])
    const stored = weight.to(dtype, null)
    weight.dispose()
    const file = join(folder, `${dtype}.bin`)
    const bits = dtype === 'float16' ? Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400) : undefined
    const data = bits ?? (stored.data() as Float32Array | Float64Array)
    writeFileSync(file, Buffer.concat([Buffer.alloc(8), new Uint8Array(data.buffer)]))
    stored.dispose()
    const spec = {
      ...specOf('bound.pt', {
        attributes: { power: 2 },
        weights: [{ name: 'weight', file: 0, offset: 8, dtype, shape: [2, 2], strides: [2, 1] }],
      }),
      files: [file],
    }
    await withNetwork(spec, async (network) => {
      const [result] = await forward(network, tensor([1, 1], [1, 2]))
      expect(result).toEqual({ dtype: 'float32', shape: [1, 2], values: [16, 36] })
    })
  })

  test('gives the tensors of a tuple, floats as float32', async () => {
    await withNetwork(specOf('pair.pt'), async (network) => {
      const results = await forward(
        network,
        tensor([1, 2, 3, 4, 5, 6], [2, 3]),
        tensor([6, 5, 4, 3, 2, 1], [2, 3]),
      )
      expect(results).toEqual([
        { dtype: 'float32', shape: [2, 3], values: [7, 7, 7, 7, 7, 7] },
        { dtype: 'float32', shape: [2, 2], values: [6, 12, 12, 6] },
        { dtype: 'int64', shape: [2], values: [0, 3] },
      ])
    })
  })

  test('gives the tensors of a list, each contiguous', async () => {
    await withNetwork(specOf('columns.pt'), async (network) => {
      const results = await forward(network, tensor([1, 2, 3, 4], [2, 2]))
      expect(results.map(({ values }) => values)).toEqual([
        [1, 2],
        [3, 4],
      ])
    })
  })

  test('changes no input and gives none of its own memory away', async () => {
    await withNetwork(specOf('inplace.pt'), async (network) => {
      const input = tensor([1, 2])
      const first = await network.forward([input])
      const second = await network.forward([input])
      expect(Array.from(input.data(), Number)).toEqual([1, 2])
      for (const [sum] of [first, second]) expect(Array.from(sum.data(), Number)).toEqual([2, 3])
      // The second call counted on in the memory that the first gave a copy of.
      expect([first[1].data()[0], second[1].data()[0]]).toEqual([1, 2])
      for (const result of [input, ...first, ...second]) result.dispose()
    })
  })
})

describe('a forward fails', () => {
  test.each<[string, NativeTensor[], RegExp]>([
    ['wrong.pt', [tensor([1])], /gave \w*Dict where a tensor is expected; it must give a tensor/],
    ['nested.pt', [tensor([1])], /gave Tuple where a tensor is expected/],
    ['complex.pt', [tensor([1, 2])], /not of real numbers/],
    ['sparse.pt', [tensor([1, 2])], /not dense/],
    ['refuses.pt', [tensor([1, 2])], /: the waveform has only 2 samples$/],
    ['refuses.pt', [tensor([1, 2, 3])], /: shape '\[2, 5\]' is invalid for input of size 3$/],
    ['refuses.pt', [], /missing value for argument 'x'/],
    ['refuses.pt', [tensor([1]), tensor([2])], /Expected at most 2 argument/],
    ['pair.pt', [tensor([1, 2], [1, 2]), tensor([1, 2, 3], [1, 3])], /size of tensor a/],
  ])('%s', async (archive, inputs, message) => {
    await withNetwork(specOf(archive), async (network) => {
      const failing = forward(network, ...inputs)
      await expect(failing).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
      const { message: told } = await failing.catch((error) => error)
      expect(told).toMatch(/network/)
      expect(told).toMatch(message)
      expect(told).not.toMatch(/frame #|\n/)
    })
  })

  test('for want of memory, and goes on', async () => {
    await withNetwork(specOf('greedy.pt'), async (network) => {
      const failing = forward(network, tensor([1 << 20]))
      await expect(failing).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      const [result] = await forward(network, tensor([0]))
      expect(result.shape).toEqual([0])
    })
  })
})

describe('a network that cannot be loaded', () => {
  const bytes = () => readFileSync(join(folder, 'training.pt'))
  beforeAll(() => {
    writeFileSync(join(folder, 'empty.pt'), '')
    writeFileSync(join(folder, 'text.pt'), 'no archive at all\n'.repeat(100))
    writeFileSync(join(folder, 'truncated.pt'), bytes().subarray(0, 3000))
    const flipped = bytes()
    for (let i = 0; i < flipped.length; i += 97) flipped[i] ^= 0x55
    writeFileSync(join(folder, 'flipped.pt'), flipped)
  })

  test.each([
    'empty.pt',
    'text.pt',
    'truncated.pt',
    'flipped.pt',
    'missing.pt',
    '.',
  ])('because of the archive %s', async (archive) => {
    const failing = Network.load(native, specOf(archive))
    await expect(failing).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    await expect(failing).rejects.toThrow(join(folder, archive))
  })

  test.each<[string, NativeNetworkSpec, string, RegExp]>([
    ['no forward', specOf('noforward.pt'), 'ENGINE_FAILED', /noforward\.pt' has no method/],
    [
      'an attribute it lacks',
      specOf('bound.pt', { attributes: { volume: 11 } }),
      'ENGINE_FAILED',
      /volume/,
    ],
    [
      'a weight it lacks',
      {
        ...specOf('bound.pt', {
          weights: [
            { name: 'bias', file: 0, offset: 0, dtype: 'float32', shape: [1], strides: [1] },
          ],
        }),
        files: [__filename],
      },
      'INVALID_WEIGHTS',
      /bias/,
    ],
    [
      'a file',
      { ...specOf('bound.pt', { attributes: { power: 1 } }), files: ['/no'] },
      'INVALID_WEIGHTS',
      /\/no/,
    ],
    ['a device', { ...specOf('pair.pt'), device: 'cuda:99' }, 'ENGINE_FAILED', /cuda:99/],
  ])('because of %s', async (_, spec, code, message) => {
    const failing = Network.load(native, spec)
    await expect(failing).rejects.toMatchObject({ code })
    await expect(failing).rejects.toThrow(message)
  })

  test('used all the same says so', async () => {
    const network = await new Promise<InstanceType<typeof core.NativeNetwork>>((resolve) => {
      const made = new core.NativeNetwork(specOf('missing.pt'), () => resolve(made))
    })
    const ended = await new Promise((resolve) => network.forward([], resolve))
    expect(ended).toMatchObject({ error: { message: 'The network is not loaded.' } })
    await new Promise<void>((done) => network.dispose(done))
  })
})

describe('hostile arguments throw', () => {
  // biome-ignore lint/suspicious/noExplicitAny: as someone who ignores the types would call it.
  type Any = any
  const Native = core.NativeNetwork as Any
  const good = specOf('pair.pt')

  test.each<[string, () => unknown, string]>([
    ['no spec', () => new Native(), 'spec is not an object'],
    ['no threads', () => new Native({ ...good, threads: 0 }), 'threads is not 1 to 1024'],
    ['no device', () => new Native({ ...good, device: 1 }), 'device is not a string'],
    ['no files', () => new Native({ ...good, files: [1] }), 'files is not an array of strings'],
    ['no network', () => new Native({ ...good, network: 1 }), 'network is not an object'],
    ['no callback', () => new Native(good), 'onLoaded is not a function'],
    ['called as a function', () => Native(good, () => {}), 'new'],
  ])('%s', (_, use, message) => {
    expect(use).toThrow(message)
  })

  test('inputs that are none', async () => {
    await withNetwork(good, async (network) => {
      await expect(network.forward(undefined as Any)).rejects.toThrow('inputs is not an array')
      await expect(network.forward([{}] as Any)).rejects.toThrow('expected a NativeTensor')
      const disposed = tensor([1])
      disposed.dispose()
      await expect(network.forward([disposed])).rejects.toThrow('disposed')
    })
  })
})

describe('a network ends', () => {
  const reason = new Error('enough')

  test('its loading by an abort, before and while', async () => {
    const aborted = Network.load(native, specOf('pair.pt'), AbortSignal.abort(reason))
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    const controller = new AbortController()
    const loading = Network.load(native, specOf('pair.pt'), controller.signal)
    controller.abort(reason)
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
  })

  test('a forward by an abort, before and while, and no other one', async () => {
    await withNetwork(specOf('slow.pt'), async (network) => {
      const before = network.forward([], AbortSignal.abort(reason))
      await expect(before).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
      const controller = new AbortController()
      const input = tensor([100])
      const running = network.forward([input], controller.signal)
      const waiting = network.forward([input], controller.signal)
      const another = network.forward([input])
      input.dispose()
      setImmediate(() => controller.abort(reason))
      for (const job of [running, waiting]) {
        await expect(job).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
        await expect(job).rejects.toBeInstanceOf(AbortError)
      }
      const [result] = await another
      expect(Array.from(result.data(), Number)).toEqual([256])
      result.dispose()
    })
  })

  test('all its forwards when it is disposed, and says that it is the network', async () => {
    const network = await Network.load(native, specOf('slow.pt'))
    const input = tensor([100])
    const jobs = [network.forward([input]), network.forward([input])]
    input.dispose()
    const disposed = [network.dispose(), network.dispose()]
    for (const job of jobs) {
      await expect(job).rejects.toBeInstanceOf(DisposedError)
      await expect(job).rejects.toThrow('this network was disposed')
    }
    await Promise.all(disposed)
    await expect(network.forward([])).rejects.toBeInstanceOf(DisposedError)
  })
})
