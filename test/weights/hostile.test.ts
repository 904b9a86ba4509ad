import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidWeightsError } from '../../lib/errors.js'
import { readWeights } from '../../lib/weights/read.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { verifyTorchZip } from '../../lib/weights/torch-zip.js'
import { legacy, op, storage, tensorPickle, torchZip, type ZipEntry, zip } from './craft.js'
import { scratchFolder } from './scratch.js'

const dir = scratchFolder()
let count = 0

function write(bytes: Buffer): string {
  const path = join(dir, `file-${count++}`)
  writeFileSync(path, bytes)
  return path
}

async function refusal(bytes: Buffer): Promise<string> {
  const path = write(bytes)
  const error = await readWeights(path).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(InvalidWeightsError)
  expect((error as Error).message).toContain(path)
  return (error as Error).message
}

test('what the crafting makes is otherwise good', async () => {
  const data = Buffer.from(new Float32Array([1, 2, 3, 4]).buffer)
  for (const bytes of [torchZip(tensorPickle(), data), legacy(tensorPickle(), { data })]) {
    const source = (await readWeights(write(bytes))).get('a')
    expect([...(await readTensor(source as never))]).toEqual([1, 2, 3, 4])
  }
})

describe('a pickle that names what runs code is refused, in any of its places', () => {
  const marker = join(dir, 'executed')
  const shell = (callee: Buffer) =>
    Buffer.concat([callee, op.mark, op.text(`touch ${marker}`), op.tuple, op.reduce])
  const names: [string, string][] = [
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['builtins', 'getattr'],
    ['builtins', '__import__'],
    ['builtins', 'open'],
    ['__builtin__', 'eval'],
    ['__builtin__', 'apply'],
    ['sys', 'modules'],
    ['importlib', 'import_module'],
    ['runpy', '_run_code'],
    ['pickle', 'loads'],
    ['operator', 'attrgetter'],
    ['torch', 'load'],
    ['torch', 'serialization.os.system'],
    ['torch.serialization', 'os.system'],
    ['torch.storage', '_load_from_bytes'],
    ['torch.hub', 'load'],
    ['torch._utils', 'sys.modules'],
    ['torch.nn', 'Module.__init__.__globals__'],
    ['numpy.testing._private.utils', 'runstring'],
    ['pathlib', 'os.system'],
    ['my.module', 'Class.__reduce__'],
    ['my.module', '__builtins__'],
    ['collections', '_sys.modules'],
  ]
  test.each(names)('%s.%s', async (module, name) => {
    const attacks = [
      shell(op.global(module, name)),
      shell(op.stackGlobal(module, name)),
      // Named and dropped, never called.
      Buffer.concat([op.global(module, name), op.pop]),
    ]
    for (const attack of attacks) {
      const dropped = attack.subarray(-1).equals(op.pop) ? attack : Buffer.concat([attack, op.pop])
      for (const bytes of [
        torchZip(tensorPickle({}, [dropped])),
        legacy(tensorPickle({}, [dropped])),
        legacy(tensorPickle(), { system: [dropped] }),
        Buffer.concat([op.start, attack, op.stop]),
      ]) {
        const message = await refusal(bytes)
        expect(message).toContain(JSON.stringify(`${module}.${name}`))
      }
    }
    expect(existsSync(marker)).toBe(false)
  })

  test('and harmless unknown classes are dropped', async () => {
    const junk = [
      'lightning.callbacks ModelCheckpoint',
      'omegaconf.dictconfig DictConfig',
      'pathlib PosixPath',
      '__main__ Config',
    ]
    for (const name of junk) {
      const [module, cls] = name.split(' ')
      const object = Buffer.concat([
        op.text('junk'),
        op.global(module, cls),
        op.emptyTuple,
        Buffer.from([0x81]),
        op.emptyDict,
        op.build,
        op.setItem,
      ])
      expect([...(await readWeights(write(torchZip(tensorPickle({}, [object]))))).keys()]).toEqual([
        'a',
      ])
    }
  })
})

describe('pickle operations', () => {
  const inPickle = (...parts: Buffer[]) =>
    refusal(torchZip(Buffer.concat([op.start, ...parts, op.stop])))

  test.each([
    ['EXT1', Buffer.from([0x82, 1]), /extension registry/],
    ['EXT2', Buffer.from([0x83, 1, 0]), /extension registry/],
    ['EXT4', Buffer.from([0x84, 1, 0, 0, 0]), /extension registry/],
    ['NEXT_BUFFER', Buffer.from([0x97]), /out-of-band/],
    ['READONLY_BUFFER', Buffer.from([0x98]), /out-of-band/],
    ['INST', Buffer.from('(ios\nsystem\n'), /0x69 has no place/],
    ['OBJ', Buffer.from('(o'), /0x6f has no place/],
    ['text PERSID', Buffer.from('P1\n'), /0x50 has no place/],
    ['text INT', Buffer.from('I1\n'), /0x49 has no place/],
    ['an unknown one', Buffer.from([0xff]), /0xff has no place/],
    ['a second PROTO', op.start, /second protocol/],
    ['pop of nothing', Buffer.from('aa'), /empty stack/],
    ['tuple without mark', op.tuple, /mark is missing/],
    ['get of nothing', Buffer.from([0x68, 7]), /memo 7 was never set/],
    ['odd items', Buffer.concat([op.emptyDict, op.mark, op.none, op.setItems]), /without a value/],
    [
      'call of a number',
      Buffer.concat([Buffer.from('K\x01'), op.emptyTuple, op.reduce]),
      /neither/,
    ],
    ['persistent id of text', Buffer.concat([op.text('x'), op.persid]), /malformed persistent id/],
    ['negative length', Buffer.from([0x54, 255, 255, 255, 255]), /negative length/],
    ['text of 4 GiB', Buffer.from([0x58, 255, 255, 255, 255]), /truncated/],
    ['bytes of 2^63', Buffer.from([0x8e, 0, 0, 0, 0, 0, 0, 0, 128]), /an item of/],
    ['integer of 2 GiB', Buffer.from([0x8b, 255, 255, 255, 127]), /an integer of/],
  ])('%s', async (_, bytes, message) => {
    expect(await inPickle(bytes)).toMatch(message)
  })

  test('a global on the stack that is not text', async () => {
    expect(await inPickle(op.none, op.none, Buffer.from([0x93]))).toMatch(/name is not text/)
  })

  test('protocols that are not 2 to 5', async () => {
    for (const protocol of [0, 1, 6, 255]) {
      const pickle = Buffer.concat([Buffer.from([0x80, protocol]), op.emptyDict, op.stop])
      expect(await refusal(torchZip(pickle))).toMatch(`pickle protocol ${protocol}`)
    }
    expect(await refusal(torchZip(Buffer.from('N.')))).toMatch(/not a pickle of protocol 2/)
  })

  test('memo indices up to 2^32 - 1 cost nothing', async () => {
    const put = Buffer.from([0x72, 255, 255, 255, 255])
    const get = Buffer.from([0x6a, 255, 255, 255, 255])
    const extra = [op.text('x'), op.none, put, op.pop, get, op.setItem]
    expect((await readWeights(write(torchZip(tensorPickle({}, extra))))).size).toBe(1)
  })

  test('a hundred thousand nested lists and a list in itself are no recursion', async () => {
    const nested = Buffer.concat([Buffer.alloc(100_000, ']'), Buffer.alloc(99_999, 'a')])
    const cycle = Buffer.from([0x5d, 0x71, 1, 0x68, 1, 0x61])
    for (const value of [nested, cycle]) {
      const extra = [op.text('x'), value, op.setItem]
      expect((await readWeights(write(torchZip(tensorPickle({}, extra))))).size).toBe(1)
    }
  })

  test('steps are limited', async () => {
    const busy = Buffer.alloc(9_000_000, Buffer.from('N0'))
    expect(await refusal(torchZip(Buffer.concat([op.start, busy])))).toMatch(/more than 4000000/)
  })
})

describe('tensors that claim more than there is', () => {
  const claims: [string, Parameters<typeof tensorPickle>[0], RegExp][] = [
    ['a storage of 2^62', { numel: 2n ** 62n }, /below 2\^53/],
    ['a storage of 2^64 - 1', { numel: 2n ** 64n - 1n }, /below 2\^53/],
    ['a storage that wraps around', { numel: 2n ** 62n + 4n }, /below 2\^53/],
    ['a negative storage', { numel: -4 }, /non-negative/],
    ['a longer storage', { numel: 5 }, /has 16 bytes|has 4 elements/],
    ['a shorter storage', { numel: 3, shape: [3], strides: [1] }, /has 16 bytes|has 4 elements/],
    ['another element size', { storage: 'DoubleStorage' }, /has 16 bytes|truncated/],
    ['a shape outside', { shape: [2, 3], strides: [3, 1] }, /outside its storage/],
    ['an offset outside', { offset: 1 }, /outside its storage/],
    ['strides outside', { strides: [3, 1] }, /outside its storage/],
    ['a negative stride', { strides: [-1, 1] }, /non-negative/],
    ['a negative offset', { offset: -1 }, /non-negative/],
    ['sizes that overflow', { shape: [2n ** 40n, 2n ** 40n], strides: [0, 0] }, /outside/],
    ['strides that overflow', { strides: [2n ** 52n, 2n ** 52n], shape: [9, 9] }, /outside/],
    ['fewer strides', { strides: [1] }, /do not fit its shape/],
    ['65 dimensions', { shape: Array(65).fill(1), strides: Array(65).fill(1) }, /dimensions/],
    ['a storage that is not there', { key: '1' }, /storage 1 is missing|unknown or repeated key/],
    ['a key with a NUL', { key: '0\0x' }, /not a plain name/],
    ['a key with a path', { key: '../data.pkl' }, /not a plain name/],
  ]
  test.each(claims)('%s', async (_, claim, message) => {
    const problem = await refusal(torchZip(tensorPickle(claim)))
    expect(problem).toMatch(message)
    expect(await refusal(legacy(tensorPickle(claim)))).toMatch(message)
  })

  test('expanded to 4 TB is legal, and costs nothing until it is read', async () => {
    const claim = { shape: [2 ** 20, 2 ** 20], strides: [0, 0] }
    const source = (await readWeights(write(torchZip(tensorPickle(claim))))).get('a')
    expect(source?.strides).toEqual([0, 0])
    await expect(readTensor(source as never)).rejects.toThrow(/too large to read/)
  })

  test('every problem of a file is listed', async () => {
    const two = Buffer.concat([op.text('b'), storage({ key: '7' }), op.pop, op.none, op.setItem])
    const good = await readWeights(write(torchZip(tensorPickle({}, [two]))))
    expect(good.size).toBe(1)
    expect(await refusal(legacy(tensorPickle({}, [two])))).toMatch(/list of storages is incomplete/)
  })
})

describe('legacy files', () => {
  test('with other counts, keys or lengths', async () => {
    const pickle = tensorPickle()
    expect(await refusal(legacy(pickle, { count: 5n }))).toMatch(/has 5 elements where/)
    expect(await refusal(legacy(pickle, { count: -1n }))).toMatch(/has -1 elements where/)
    expect(await refusal(legacy(pickle, { count: 2n ** 62n + 4n }))).toMatch(/elements where/)
    expect(await refusal(legacy(pickle, { keys: [] }))).toMatch(/incomplete/)
    expect(await refusal(legacy(pickle, { keys: ['0', '0'] }))).toMatch(/unknown or repeated key/)
    expect(await refusal(legacy(pickle, { keys: ['0', '1'] }))).toMatch(/unknown or repeated key/)
    expect(await refusal(legacy(pickle, { data: Buffer.alloc(15) }))).toMatch(/truncated/)
  })

  test('truncated anywhere', async () => {
    const whole = legacy(tensorPickle())
    for (let length = 1; length < whole.length; length += 7) {
      await refusal(whole.subarray(0, length))
    }
  })

  test('whose pickles are longer than the first window', async () => {
    const filler = [op.text('x'), op.text('y'.repeat(3 << 20)), op.setItem]
    const table = await readWeights(write(legacy(tensorPickle({}, filler))))
    expect([...table.keys()]).toEqual(['a'])
  })
})

describe('zip containers', () => {
  const pickle: ZipEntry = { name: 'archive/data.pkl', data: tensorPickle() }
  const data: ZipEntry = { name: 'archive/data/0', data: Buffer.alloc(16) }
  const bomb = Buffer.alloc(80 << 20)

  test.each<[string, () => Buffer, RegExp]>([
    [
      'a deflated bomb in data.pkl',
      () => zip([{ ...pickle, data: bomb, deflate: true }, data]),
      /above the limit/,
    ],
    [
      'a bomb that declares less',
      () =>
        zip([
          { ...pickle, data: bomb, deflate: true, claims: { size: 1000 }, local: { size: 1000 } },
          data,
        ]),
      /does not inflate to the 1000 bytes/,
    ],
    [
      'a record that inflates to less',
      () =>
        zip([{ ...pickle, deflate: true, claims: { size: 9999 }, local: { size: 9999 } }, data]),
      /declares 9999/,
    ],
    [
      'a deflated tensor',
      () => zip([pickle, { ...data, deflate: true }]),
      /a: its storage is compressed.*save it again/,
    ],
    [
      'a wrong checksum of data.pkl',
      () => zip([{ ...pickle, claims: { crc: 1 } }, data]),
      /checksum/,
    ],
    ['an unknown method', () => zip([{ ...pickle, method: 99 }, data]), /compression method 99/],
    ['a name twice', () => zip([pickle, data, data]), /"archive\/data\/0" is in it twice/],
    [
      'two data.pkl',
      () => zip([pickle, data, { ...pickle, name: 'other/data.pkl' }]),
      /2 data\.pkl/,
    ],
    ['no data.pkl', () => zip([data]), /0 data\.pkl/],
    ['an encrypted record', () => zip([{ ...pickle, flags: 1 }, data]), /is encrypted/],
    [
      'another local name',
      () => zip([pickle, { ...data, local: { name: 'archive/data/9' } }]),
      /contradicts/,
    ],
    ['another local size', () => zip([pickle, { ...data, local: { size: 8 } }]), /contradicts/],
    ['another local method', () => zip([pickle, { ...data, local: { method: 8 } }]), /contradicts/],
    [
      'a size above the file',
      () =>
        zip([
          pickle,
          {
            ...data,
            claims: { size: 1e6, compressedSize: 1e6 },
            local: { size: 1e6, compressedSize: 1e6 },
          },
        ]),
      /overlaps/,
    ],
    [
      'overlapping records',
      () =>
        zip([
          {
            ...data,
            name: 'archive/data/9',
            claims: { size: 60, compressedSize: 60 },
            local: { size: 60, compressedSize: 60 },
          },
          pickle,
          data,
        ]),
      /overlaps/,
    ],
    [
      'two records in one place',
      () => zip([pickle, data, { ...data, name: 'archive/data/1', claims: { offset: 0 } }]),
      /overlaps|contradicts/,
    ],
    [
      'an offset behind the file',
      () => zip([pickle, { ...data, claims: { offset: 0xfffffff0 } }]),
      /overlaps|truncated/,
    ],
    [
      'a missing zip64 field',
      () => zip([pickle, { ...data, claims: { size: 0xffffffff } }]),
      /zip64 field is missing/,
    ],
    ['a wrong count', () => zip([pickle, data], { count: 3 }), /lists 2 of 3/],
    [
      'a big-endian file',
      () =>
        torchZip(tensorPickle(), undefined, [
          { name: 'archive/byteorder', data: Buffer.from('big') },
        ]),
      /byte order is "big"/,
    ],
  ])('%s', async (_, make, message) => {
    expect(await refusal(make())).toMatch(message)
  })

  test('truncated anywhere', async () => {
    const whole = torchZip(tensorPickle())
    for (let length = 1; length < whole.length; length += 7) {
      await refusal(whole.subarray(0, length))
    }
  })

  test('with data.pkl deflated, or sizes only in the directory, are read', async () => {
    for (const bytes of [
      zip([{ ...pickle, deflate: true }, data]),
      zip([pickle, { ...data, flags: 8, local: { size: 0, compressedSize: 0 } }]),
    ]) {
      expect((await readWeights(write(bytes))).get('a')?.shape).toEqual([2, 2])
    }
  })

  test('with a flipped bit in a tensor fail the check that an import makes', async () => {
    const path = write(zip([pickle, { ...data, claims: { crc: 1 } }]))
    await expect(verifyTorchZip(path, await readWeights(path))).rejects.toThrow(
      /archive\/data\/0 is damaged: its checksum does not match/,
    )
  })
})
