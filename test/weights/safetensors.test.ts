import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AbortError, InvalidWeightsError, OutputError } from '../../lib/errors.js'
import type { DType, TensorSource } from '../../lib/native/tensor-table.js'
import { readWeights } from '../../lib/weights/read.js'
import { readSafetensors, readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { scratchFolder } from './scratch.js'

const dir = scratchFolder()
let count = 0

/** A file with this header text and this many data bytes. */
function craft(header: string | Buffer, dataBytes: number, headerLength?: bigint): string {
  const json = Buffer.from(header as string)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(headerLength ?? BigInt(json.length))
  const path = join(dir, `crafted-${count++}`)
  writeFileSync(path, Buffer.concat([size, json, Buffer.alloc(dataBytes, 1)]))
  return path
}

const entry = (shape: number[], begin: number, end: number, dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] })

async function refusal(path: string): Promise<string> {
  const error = await readWeights(path).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(InvalidWeightsError)
  expect((error as Error).message).toContain(path)
  return (error as Error).message
}

describe('reading', () => {
  test('gives file, offset, type, shape and strides, at odd offsets too', async () => {
    const header = `{"b":${entry([2, 3], 1, 25)},"a":${entry([1], 0, 1, 'U8')},"c":${entry([0, 9], 25, 25)}}`
    const path = craft(header, 25)
    const table = await readWeights(path)
    expect(table.get('b')).toEqual({
      file: path,
      offset: 8 + header.length + 1,
      dtype: 'float32',
      shape: [2, 3],
      strides: [3, 1],
    })
    expect(table.get('c')?.shape).toEqual([0, 9])
    expect(table.size).toBe(3)
  })

  test('keeps names such as __proto__ as names', async () => {
    const path = craft(`{"__proto__":${entry([], 0, 4)},"constructor":${entry([], 4, 8)}}`, 8)
    expect([...(await readWeights(path)).keys()]).toEqual(['__proto__', 'constructor'])
  })

  test('follows links', async () => {
    const link = join(dir, 'link.safetensors')
    symlinkSync(craft(`{"a":${entry([], 0, 4)}}`, 4), link)
    expect((await readWeights(link)).get('a')?.file).toBe(link)
  })

  const twoTo53 = 2 ** 53
  const hostile: [string, () => string, RegExp][] = [
    [
      'an empty file',
      () => {
        writeFileSync(join(dir, 'empty'), '')
        return join(dir, 'empty')
      },
      /is empty/,
    ],
    ['a header length above the file', () => craft('{}', 0, 1000n), /truncated/],
    ['a header length of 2^64 - 1', () => craft('{}', 0, 2n ** 64n - 1n), /above the limit/],
    ['a header length of 2^53', () => craft('{}', 0, 2n ** 53n), /above the limit/],
    ['leading spaces', () => craft(`  {"a":${entry([], 0, 4)}}`, 4), /begin with \{/],
    ['a byte order mark', () => craft(`\ufeff{"a":${entry([], 0, 4)}}`, 4), /begin with \{/],
    ['bad UTF-8', () => craft(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 0), /header|valid/],
    ['truncated data', () => craft(`{"a":${entry([2], 0, 8)}}`, 7), /truncated/],
    ['trailing bytes', () => craft(`{"a":${entry([2], 0, 8)}}`, 9), /take 8 bytes but 9 follow/],
    [
      'a hole',
      () => craft(`{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`, 12),
      /"b" begins at 8/,
    ],
    ['a hole at the start', () => craft(`{"a":${entry([1], 4, 8)}}`, 8), /begins at 4/],
    [
      'an overlap',
      () => craft(`{"a":${entry([2], 0, 8)},"b":${entry([2], 4, 12)}}`, 12),
      /overlap/,
    ],
    ['an end before the begin', () => craft(`{"a":${entry([1], 4, 0)}}`, 4), /before it begins/],
    [
      'a shape that needs more bytes',
      () => craft(`{"a":${entry([3], 0, 8)}}`, 8),
      /needs 12 bytes/,
    ],
    [
      'sizes that overflow',
      () => craft(`{"a":${entry([2 ** 40, 2 ** 40], 0, 8)}}`, 8),
      /overflows/,
    ],
    ['a size of 2^53', () => craft(`{"a":${entry([twoTo53], 0, 8)}}`, 8), /below 2\^53/],
    [
      'a duplicate tensor',
      () => craft(`{"a":${entry([1], 0, 4)},"a":${entry([1], 0, 4)}}`, 4),
      /there twice/,
    ],
    [
      'a duplicate by escape',
      () => craft(`{"a":${entry([1], 0, 4)},"\\u0061":${entry([1], 4, 8)}}`, 8),
      /there twice/,
    ],
    [
      'a repeated field',
      () => craft('{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
      /repeated field "dtype"/,
    ],
    [
      'an unknown field',
      () => craft('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}', 4),
      /unknown/,
    ],
    [
      'a missing field',
      () => craft('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4),
      /needs dtype, shape/,
    ],
    [
      'one offset',
      () => craft('{"a":{"dtype":"F32","shape":[],"data_offsets":[0]}}', 4),
      /two data_offsets/,
    ],
    [
      'a fraction',
      () => craft('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4),
      /integer/,
    ],
    [
      'an exponent',
      () => craft('{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', 4),
      /integer/,
    ],
    [
      '1e400',
      () => craft('{"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', 4),
      /integer/,
    ],
    [
      'a negative size',
      () => craft('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4),
      /integer/,
    ],
    [
      'a leading zero',
      () => craft('{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}', 4),
      /integer/,
    ],
    ['nesting', () => craft(`{"a":${'['.repeat(100_000)}`, 4), /\{ was expected/],
    [
      'nested shapes',
      () => craft('{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}', 4),
      /integer/,
    ],
    ['a rank of 65', () => craft(`{"a":${entry(new Array(65).fill(1), 0, 4)}}`, 4), /more than 64/],
    [
      'metadata that is not text',
      () => craft(`{"__metadata__":{"a":1},"a":${entry([], 0, 4)}}`, 4),
      /a string was expected/,
    ],
    [
      'duplicate metadata',
      () => craft(`{"__metadata__":{"a":"1","a":"2"},"a":${entry([], 0, 4)}}`, 4),
      /there twice/,
    ],
    [
      'text after the header',
      () => craft(`{"a":${entry([], 0, 4)}} x`, 4),
      /follows the closing brace/,
    ],
    ['an unclosed string', () => craft('{"a', 4), /malformed string/],
    [
      'an element type we lack',
      () => craft(`{"a":${entry([4], 0, 4, 'F8_E4M3')}}`, 4),
      /"F8_E4M3", which is not supported/,
    ],
    ['a folder', () => dir, /is a folder/],
    ['no file', () => join(dir, 'nowhere'), /no such file/],
    ['a device', () => '/dev/zero', /is a device/],
    [
      'a named pipe',
      () => {
        execFileSync('mkfifo', [join(dir, 'fifo')])
        return join(dir, 'fifo')
      },
      /is a named pipe/,
    ],
  ]
  test.each(hostile)('refuses %s', async (_, make, message) => {
    expect(await refusal(make())).toMatch(message)
  })
})

describe('writing', () => {
  const values = new Float32Array([1, 2, 3, 4, 5, 6])
  const source = join(dir, 'source.safetensors')
  const view = (strides: number[], shape: number[], offset: number): TensorSource => ({
    file: source,
    offset,
    dtype: 'float32',
    shape,
    strides,
  })

  test('round-trips types, scalars, empty tensors and metadata', async () => {
    const path = join(dir, 'types.safetensors')
    const all: [string, { dtype: DType; shape: number[]; data: ArrayBufferView }][] = [
      ['d', { dtype: 'float64', shape: [2], data: new Float64Array([1.5, -0]) }],
      ['f', { dtype: 'float32', shape: [2, 3], data: values }],
      ['h', { dtype: 'float16', shape: [3], data: new Uint16Array([0x3c00, 0xc000, 0x0001]) }],
      ['b', { dtype: 'bfloat16', shape: [2], data: new Uint16Array([0x3fc0, 0xbf80]) }],
      ['l', { dtype: 'int64', shape: [], data: new BigInt64Array([-7n]) }],
      ['i', { dtype: 'int32', shape: [1], data: new Int32Array([-7]) }],
      ['s', { dtype: 'int16', shape: [1], data: new Int16Array([-7]) }],
      ['c', { dtype: 'int8', shape: [1], data: new Int8Array([-7]) }],
      ['u', { dtype: 'uint8', shape: [1], data: new Uint8Array([249]) }],
      ['o', { dtype: 'bool', shape: [2], data: new Uint8Array([1, 0]) }],
      ['e', { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) }],
    ]
    await writeSafetensors(path, all, { metadata: { made: 'here' } })
    const table = await readSafetensors(path)
    expect(await readSafetensorsMetadata(path)).toEqual(new Map([['made', 'here']]))
    const read = async (name: string) =>
      Array.from(await readTensor(table.get(name) as TensorSource), Number)
    expect(await read('d')).toEqual([1.5, -0])
    expect(await read('f')).toEqual([1, 2, 3, 4, 5, 6])
    expect(await read('h')).toEqual([1, -2, 2 ** -24])
    expect(await read('b')).toEqual([1.5, -1])
    for (const name of ['l', 'i', 's', 'c']) expect(await read(name)).toEqual([-7])
    expect(await read('u')).toEqual([249])
    expect(await read('o')).toEqual([1, 0])
    expect(await read('e')).toEqual([])
  })

  test('makes strided and expanded sources contiguous, and may replace its source', async () => {
    await writeSafetensors(source, [['f', { dtype: 'float32', shape: [6], data: values }]])
    const at = (await readSafetensors(source)).get('f')?.offset as number
    await writeSafetensors(source, [
      ['transposed', view([1, 2], [2, 3], at)],
      ['expanded', view([0, 1], [2, 2], at + 4)],
      ['scalar', view([], [], at + 8)],
    ])
    const table = await readSafetensors(source)
    const read = async (name: string) => [...(await readTensor(table.get(name) as TensorSource))]
    expect(await read('transposed')).toEqual([1, 3, 5, 2, 4, 6])
    expect(await read('expanded')).toEqual([2, 3, 2, 3])
    expect(await read('scalar')).toEqual([3])
  })

  test('copies strided tensors larger than a chunk', async () => {
    const [rows, columns] = [1100, 2100]
    const big = Float32Array.from({ length: rows * columns }, (_, i) => i)
    const path = join(dir, 'big.safetensors')
    await writeSafetensors(path, [['a', { dtype: 'float32', shape: [rows, columns], data: big }]])
    const a = (await readSafetensors(path)).get('a') as TensorSource
    await writeSafetensors(join(dir, 'turned.safetensors'), [
      ['a', { ...a, shape: [columns, rows], strides: [1, columns] }],
    ])
    const turned = (await readSafetensors(join(dir, 'turned.safetensors'))).get('a')
    const result = await readTensor(turned as TensorSource)
    let wrong = 0
    for (let c = 0; c < columns; c++) {
      for (let r = 0; r < rows; r++) if (result[c * rows + r] !== r * columns + c) wrong++
    }
    expect(wrong).toBe(0)
  })

  test('leaves nothing behind when it fails', async () => {
    const folder = join(dir, 'failures')
    mkdirSync(folder)
    const path = join(folder, 'out.safetensors')
    const missing = { ...view([1], [2], 0), file: join(dir, 'not-there') }
    await expect(writeSafetensors(path, [['a', missing]])).rejects.toThrow(InvalidWeightsError)
    const long = { ...view([1], [1 << 20], 0) }
    await expect(writeSafetensors(path, [['a', long]])).rejects.toThrow(/truncated/)
    const signal = AbortSignal.abort()
    const tensor = { dtype: 'float32', shape: [6], data: values } as const
    await expect(
      writeSafetensors(path, [['a', { ...tensor, shape: [6] }]], { signal }),
    ).rejects.toThrow(AbortError)
    expect(readdirSync(folder)).toEqual([])
    const nowhere = join(folder, 'absent', 'out.safetensors')
    await expect(writeSafetensors(nowhere, [['a', { ...tensor, shape: [6] }]])).rejects.toThrow(
      OutputError,
    )
    expect(existsSync(nowhere)).toBe(false)
  })

  test('writes the same bytes for the same tensors in any order', async () => {
    const one: [string, { dtype: DType; shape: number[]; data: ArrayBufferView }] = [
      'one',
      { dtype: 'float32', shape: [6], data: values },
    ]
    const two: typeof one = ['two', { dtype: 'uint8', shape: [1], data: new Uint8Array([1]) }]
    await writeSafetensors(join(dir, 'x'), [one, two])
    await writeSafetensors(join(dir, 'y'), [two, one])
    expect(readFileSync(join(dir, 'x')).equals(readFileSync(join(dir, 'y')))).toBe(true)
  })
})
