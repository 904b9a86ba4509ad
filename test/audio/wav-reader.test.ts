import { rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeAudio } from '../../lib/audio/read.js'
import { AudioError } from '../../lib/errors.js'
import { damaged, difference, randomNumbers, type SoundFile, writeSounds } from './sounds.js'

const subtypes: [subtype: string, channels: number[]][] = [
  ['PCM_U8', [1, 2, 6]],
  ['PCM_16', [1, 2, 6]],
  ['PCM_24', [1, 2, 6]],
  ['PCM_32', [1, 2, 6]],
  ['FLOAT', [1, 2, 6]],
  ['DOUBLE', [1, 2, 6]],
  ['ULAW', [1, 2]],
  ['ALAW', [1, 2]],
  ['IMA_ADPCM', [1, 2]],
  ['MS_ADPCM', [1, 2]],
]

const files: SoundFile[] = subtypes.flatMap(([subtype, channelCounts]) =>
  channelCounts.flatMap((channels) =>
    [
      ['WAV', 'LITTLE'],
      ['WAV', 'BIG'],
      ...(subtype.endsWith('ADPCM')
        ? []
        : [
            ['WAVEX', 'LITTLE'],
            ['RF64', 'LITTLE'],
          ]),
    ].map(([format, endian]) => ({
      name: `${format}-${endian}-${subtype}-${channels}.wav`,
      format,
      endian,
      subtype,
      channels,
      rate: 22050,
      frames: 1501,
    })),
  ),
)
for (const [rate, frames] of [
  [8000, 160],
  [192000, 3840],
]) {
  const name = `20ms-${rate}.wav`
  files.push({ name, format: 'WAV', subtype: 'PCM_16', channels: 1, rate, frames })
}

const { folder, sounds } = writeSounds(files)
afterAll(() => rmSync(folder, { recursive: true }))

describe('WAV files written by libsndfile', () => {
  it.each(sounds.map((sound) => [sound.name, sound] as const))('%s', async (_, sound) => {
    const { channels, sampleRate } = await decodeAudio(sound.bytes)
    expect(sampleRate).toBe(sound.rate)
    expect(difference(channels, sound.channels)).toBe(0)
  })
})

interface Header {
  code?: number
  channels?: number
  rate?: number
  blockAlign?: number
  bits?: number
  /** What follows the common part of the fmt chunk. */
  more?: Buffer
}

function fmt(header: Header): Buffer {
  const { code = 1, channels = 1, rate = 8000, bits = 16 } = header
  const { blockAlign = (channels * bits) / 8, more = Buffer.alloc(0) } = header
  const common = Buffer.alloc(16)
  common.writeUInt16LE(code, 0)
  common.writeUInt16LE(channels, 2)
  common.writeUInt32LE(rate, 4)
  common.writeUInt32LE(rate * blockAlign, 8)
  common.writeUInt16LE(blockAlign, 12)
  common.writeUInt16LE(bits, 14)
  return chunk('fmt ', Buffer.concat([common, more]))
}

function chunk(tag: string, data: Buffer, size = data.length): Buffer {
  const header = Buffer.from(`${tag}\0\0\0\0`, 'latin1')
  header.writeUInt32LE(size, 4)
  return Buffer.concat([header, data])
}

function riff(chunks: Buffer[], form = 'RIFF', size?: number): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks])
  return chunk(form, body, size ?? body.length)
}

function extension(validBits: number, code: number): Buffer {
  const more = Buffer.alloc(24)
  more.writeUInt16LE(22, 0)
  more.writeUInt16LE(validBits, 2)
  more.writeUInt16LE(code, 8)
  Buffer.from('000000001000800000aa00389b71', 'hex').copy(more, 10)
  return more
}

function int16(...values: number[]): Buffer {
  return Buffer.from(Int16Array.from(values).buffer)
}

const some = int16(100, -200, 300, -32768)
const someSamples = [100 / 32768, -200 / 32768, 300 / 32768, -1]

async function first(bytes: Uint8Array): Promise<number[]> {
  return [...(await decodeAudio(bytes)).channels[0]]
}

describe('irregular WAV files', () => {
  const odd = Buffer.from('INFOx')
  it.each<[string, Buffer]>([
    [
      'a chunk of odd size, padded',
      riff([chunk('LIST', Buffer.concat([odd, Buffer.alloc(1)]), 5)]),
    ],
    ['a chunk of odd size, not padded', riff([chunk('LIST', odd)])],
    ['a chunk padded with something else', riff([chunk('LIST', Buffer.from('INFOxy'), 5)])],
    ['a chunk that nobody knows', riff([chunk('abcd', Buffer.alloc(12))])],
  ])('%s before the samples', async (_, head) => {
    const rest = Buffer.concat([fmt({}), chunk('data', some), chunk('LIST', odd)])
    expect(await first(Buffer.concat([head, rest]))).toEqual(someSamples)
  })

  it.each<[string, Buffer]>([
    ['data before fmt', riff([chunk('data', some), fmt({})])],
    ['data longer than the file', riff([fmt({}), chunk('data', some, 100_000)])],
    [
      'a last frame cut short',
      riff([fmt({}), chunk('data', Buffer.concat([some, odd.subarray(4)]))]),
    ],
    ['a header never filled in', riff([fmt({}), chunk('data', some, 0)], 'RIFF', 0)],
    ['a header of an empty file', riff([fmt({}), chunk('data', some, 0)], 'RIFF', 36)],
    ['a stream', riff([fmt({}), chunk('data', some, 0xffffffff)], 'RIFF', 0xffffffff)],
    ['BW64 without ds64', riff([fmt({}), chunk('data', some, 0xffffffff)], 'BW64', 0xffffffff)],
    ['a block size of 7', riff([fmt({ blockAlign: 7 }), chunk('data', some)])],
    ['a block size of 0', riff([fmt({ blockAlign: 0 }), chunk('data', some)])],
    ['12 bits', riff([fmt({ bits: 12, blockAlign: 2 }), chunk('data', some)])],
    [
      'extensible, 12 bits in 16',
      riff([fmt({ code: 0xfffe, more: extension(12, 1) }), chunk('data', some)]),
    ],
  ])('%s', async (_, bytes) => {
    expect(await first(bytes)).toEqual(someSamples)
  })

  it('takes the sizes of RF64 from ds64', async () => {
    const sizes = Buffer.alloc(28)
    sizes.writeBigUInt64LE(8n, 8)
    const data = Buffer.concat([chunk('data', some, 0xffffffff), chunk('LIST', odd)])
    expect(await first(riff([chunk('ds64', sizes), fmt({}), data], 'RF64', 0xffffffff))).toEqual(
      someSamples,
    )
  })

  it('reads 20 bits in three bytes', async () => {
    const three = Buffer.from([0x00, 0x00, 0xc0, 0x10, 0x00, 0x00])
    const header = fmt({ code: 0xfffe, bits: 24, more: extension(20, 1) })
    expect(await first(riff([header, chunk('data', three)]))).toEqual([-0.5, 16 / 2 ** 23])
  })

  it('reads the part of an ADPCM block that is there', async () => {
    for (const sound of sounds.filter(({ name }) => name.startsWith('WAV-LITTLE-I'))) {
      const { channels } = await decodeAudio(sound.bytes.subarray(0, -100))
      const length = channels[0].length
      expect(length).toBeGreaterThan(sound.channels[0].length - 250)
      expect(length).toBeLessThan(sound.channels[0].length)
      const expected = sound.channels.map((samples) => samples.subarray(0, length))
      expect(difference(channels, expected)).toBe(0)
    }
  })
})

describe('WAV files that cannot be read', () => {
  const data = chunk('data', some)
  it.each<[string, RegExp, Buffer]>([
    ['no fmt', /without a fmt chunk/, riff([data])],
    ['no data', /without a data chunk/, riff([fmt({})])],
    [
      'no samples',
      /has no samples/,
      riff([fmt({}), chunk('data', Buffer.alloc(0)), chunk('LIST', some)]),
    ],
    ['fmt cut off', /fmt chunk that is cut off/, riff([chunk('fmt ', Buffer.alloc(10)), data])],
    ['no channels', /has no channels/, riff([fmt({ channels: 0, blockAlign: 2 }), data])],
    ['65 channels', /65 channels, more than 64/, riff([fmt({ channels: 65 }), data])],
    ['rate 0', /sample rate of 0 Hz/, riff([fmt({ rate: 0 }), data])],
    ['rate 2 MHz', /sample rate of 2000000 Hz/, riff([fmt({ rate: 2_000_000 }), data])],
    ['0 bits', /0-bit integers/, riff([fmt({ bits: 0 }), data])],
    ['16-bit floats', /16-bit floating/, riff([fmt({ code: 3 }), data])],
    ['GSM', /GSM 6\.10/, riff([fmt({ code: 0x31 }), data])],
    ['an unknown code', /0x1234/, riff([fmt({ code: 0x1234 }), data])],
    [
      'an unknown extension',
      /not known/,
      riff([fmt({ code: 0xfffe, more: Buffer.alloc(24) }), data]),
    ],
    [
      'ADPCM without blocks',
      /blocks of 0 bytes/,
      riff([fmt({ code: 2, bits: 4, blockAlign: 0 }), data]),
    ],
    ['ADPCM with 16 bits', /16 bits a sample/, riff([fmt({ code: 0x11 }), data])],
    [
      'an ADPCM predictor of 200',
      /predictor/,
      riff([fmt({ code: 2, bits: 4, blockAlign: 32 }), chunk('data', Buffer.alloc(32, 200))]),
    ],
    [
      'NaN',
      /sample that is NaN \(1 of channel 0\)/,
      riff([
        fmt({ code: 3, bits: 32 }),
        chunk('data', Buffer.from(Float32Array.of(0, Number.NaN).buffer)),
      ]),
    ],
    [
      'a float64 beyond float32',
      /sample that is Infinity/,
      riff([fmt({ code: 3, bits: 64 }), chunk('data', Buffer.from(Float64Array.of(1e300).buffer))]),
    ],
    [
      'nothing but chunks',
      /over 10000 chunks/,
      riff(Array.from({ length: 10_001 }, () => chunk('abcd', Buffer.alloc(0)))),
    ],
  ])('%s', async (_, message, bytes) => {
    const error = await decodeAudio(bytes).catch((reason) => reason)
    expect(error).toBeInstanceOf(AudioError)
    expect(error.code).toBe('INVALID_AUDIO')
    expect(error.message).toMatch(message)
  })

  it('gives samples or an AudioError for 4000 damaged files', async () => {
    const random = randomNumbers(1)
    let read = 0
    for (let i = 0; i < 4000; i++) {
      const sound = sounds[i % sounds.length]
      try {
        const { channels } = await decodeAudio(damaged(sound.bytes, random))
        // Four bits a sample is the densest encoding.
        expect(channels.length * channels[0].length).toBeLessThanOrEqual(2 * sound.bytes.length)
        read++
      } catch (error) {
        expect(error).toBeInstanceOf(AudioError)
      }
    }
    expect(read).toBeGreaterThan(2000)
    expect(read).toBeLessThan(4000)
  })
})
