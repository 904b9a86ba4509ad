/** Clips for the Web Audio API: as an AudioBuffer, and as a stream of chunks. */
import { beforeAll, describe, expect, test } from 'vitest'
import { Audio } from '../../lib/audio/audio.js'
import { DisposedError } from '../../lib/errors.js'
import { loadNative, type NativeCore } from '../../lib/native/load.js'
import { Tensor } from '../../lib/tensor.js'

let native: NativeCore
beforeAll(() => {
  native = loadNative({ cuda: false })
})

const left = Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i / 7))
const right = Float32Array.from({ length: 10_000 }, (_, i) => Math.cos(i / 11))
const both = Float32Array.from([...left, ...right])

function audioOf(samples: Float32Array, shape = [samples.length], rate = 16000): Audio {
  return new Audio(new Tensor(native.core.NativeTensor.from(samples, shape)), rate)
}

async function chunksOf(stream: ReadableStream<Float32Array>): Promise<Float32Array[]> {
  const chunks: Float32Array[] = []
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return chunks
    chunks.push(value)
  }
}

describe('toAudioBuffer', () => {
  // The package has no types. Its AudioBuffer is that of the specification, without an engine.
  type Created = { numberOfChannels: number; sampleRate: number; duration: number } & {
    getChannelData(channel: number): Float32Array
  }
  const context = {
    createBuffer: (numberOfChannels: number, length: number, sampleRate: number): Created =>
      new AudioBuffer({ numberOfChannels, length, sampleRate }),
  }
  let AudioBuffer: new (options: object) => Created
  beforeAll(async () => {
    AudioBuffer = (await import('audio-buffer' as string)).default
  })

  test('one channel, at its own rate', async () => {
    const buffer = await audioOf(left).toAudioBuffer(context)
    expect(buffer).toBeInstanceOf(AudioBuffer)
    expect([buffer.numberOfChannels, buffer.sampleRate]).toEqual([1, 16000])
    expect(buffer.duration).toBe(0.625)
    expect(buffer.getChannelData(0)).toEqual(left)
  })

  test('two channels', async () => {
    const buffer = await audioOf(both, [2, 10_000], 48000).toAudioBuffer(context)
    expect([buffer.numberOfChannels, buffer.sampleRate]).toEqual([2, 48000])
    expect([0, 1].map((c) => buffer.getChannelData(c))).toEqual([left, right])
  })

  test('of a disposed clip there is none', async () => {
    const audio = audioOf(left)
    audio.dispose()
    await expect(audio.toAudioBuffer(context)).rejects.toThrow(DisposedError)
  })
})

describe('stream', () => {
  test('all samples, in chunks of the length asked for', async () => {
    const chunks = await chunksOf(audioOf(left).stream({ chunkSeconds: 0.25 }))
    expect(chunks.map((chunk) => chunk.length)).toEqual([4000, 4000, 2000])
    expect(Float32Array.from(chunks.flatMap((chunk) => [...chunk]))).toEqual(left)
    // A reader may transfer a chunk to another thread: no two share memory.
    expect(chunks.every((chunk) => chunk.buffer.byteLength === chunk.byteLength)).toBe(true)
  })

  test('without an empty chunk where the length is a multiple', async () => {
    const chunks = await chunksOf(audioOf(left).stream({ chunkSeconds: 0.125 }))
    expect(chunks.map((chunk) => chunk.length)).toEqual([2000, 2000, 2000, 2000, 2000])
    expect((await chunksOf(audioOf(left).stream())).map((c) => c.length)).toEqual([8000, 2000])
  })

  test('of two channels a chunk has first one and then the other', async () => {
    const chunks = await chunksOf(audioOf(both, [2, 10_000]).stream({ chunkSeconds: 0.5 }))
    expect(chunks.map((chunk) => chunk.length)).toEqual([16_000, 4_000])
    expect(chunks[1].subarray(0, 2000)).toEqual(left.subarray(8000))
    expect(chunks[1].subarray(2000)).toEqual(right.subarray(8000))
  })

  test('nothing is made before it is asked for', async () => {
    const audio = audioOf(left)
    let copies = 0
    const { samples } = audio
    const data = samples.data.bind(samples)
    samples.data = () => {
      copies++
      return data()
    }
    const reader = audio.stream({ chunkSeconds: 0.1 }).getReader()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(copies).toBe(0)
    await reader.read()
    audio.dispose() // The stream has its copy.
    for (let chunks = 1; ; chunks++) {
      if (!(await reader.read()).done) continue
      expect(chunks).toBe(7)
      break
    }
    expect(copies).toBe(1)
  })

  test('can be cancelled and iterated', async () => {
    const seen: number[] = []
    for await (const chunk of audioOf(left).stream({ chunkSeconds: 0.1 })) {
      seen.push(chunk.length)
      if (seen.length === 2) break
    }
    expect(seen).toEqual([1600, 1600])
    const stream = audioOf(left).stream()
    await stream.cancel()
    expect(await chunksOf(stream)).toEqual([])
  })

  test('of a disposed clip there is none, and options are checked', async () => {
    const audio = audioOf(left)
    audio.dispose()
    await expect(audio.stream().getReader().read()).rejects.toThrow(DisposedError)
    expect(() => audioOf(left).stream({ chunkSeconds: 0 })).toThrow('chunkSeconds: expected a')
    expect(() => audioOf(left).stream({ seconds: 1 } as object)).toThrow('seconds: there is no')
  })
})
