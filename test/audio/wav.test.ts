import { describe, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { InvalidOptionError } from '../../lib/errors.js'

/** Chunks by name, read as the RIFF specification says. */
function chunks(bytes: Uint8Array): Map<string, DataView> {
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
  const view = new DataView(bytes.buffer)
  expect(text(0)).toBe('RIFF')
  expect(view.getUint32(4, true)).toBe(bytes.length - 8)
  expect(text(8)).toBe('WAVE')
  const found = new Map<string, DataView>()
  let at = 12
  while (at < bytes.length) {
    const size = view.getUint32(at + 4, true)
    found.set(text(at), new DataView(bytes.buffer, at + 8, size))
    at += 8 + size + (size % 2)
  }
  expect(at).toBe(bytes.length)
  return found
}

function pcm(samples: number[]): number[] {
  const data = chunks(encodeWav(Float32Array.from(samples), 16000)).get('data') as DataView
  return samples.map((_, i) => data.getInt16(2 * i, true))
}

describe('16-bit PCM', () => {
  test('header', () => {
    const found = chunks(encodeWav(new Float32Array(7), 16000))
    expect([...found.keys()]).toEqual(['fmt ', 'data'])
    const fmt = found.get('fmt ') as DataView
    expect(fmt.byteLength).toBe(16)
    expect(fmt.getUint16(0, true)).toBe(1)
    expect(fmt.getUint16(2, true)).toBe(1)
    expect(fmt.getUint32(4, true)).toBe(16000)
    expect(fmt.getUint32(8, true)).toBe(32000)
    expect(fmt.getUint16(12, true)).toBe(2)
    expect(fmt.getUint16(14, true)).toBe(16)
    expect(found.get('data')?.byteLength).toBe(14)
  })

  test('rounds to the nearest step and clips without wrapping', () => {
    expect(pcm([0, 1, -1, 1.5, -1.5, 1e30, -1e30])).toEqual([
      0, 32767, -32768, 32767, -32768, 32767, -32768,
    ])
    expect(pcm([0.5, -0.5, 1.4 / 32768, 1.6 / 32768, -1.4 / 32768, -1.6 / 32768])).toEqual([
      16384, -16384, 1, 2, -1, -2,
    ])
    expect(pcm([32766.4 / 32768, 32766.6 / 32768, 32767.6 / 32768])).toEqual([32766, 32767, 32767])
  })

  test('two channels are interleaved', () => {
    const left = Float32Array.of(0.25, 0.5)
    const right = Float32Array.of(-0.25, -0.5)
    const found = chunks(encodeWav([left, right], 44100))
    const data = found.get('data') as DataView
    expect(found.get('fmt ')?.getUint16(2, true)).toBe(2)
    expect(found.get('fmt ')?.getUint32(8, true)).toBe(176400)
    expect([0, 2, 4, 6].map((at) => data.getInt16(at, true))).toEqual([8192, -8192, 16384, -16384])
  })
})

describe('32-bit float', () => {
  test('header has an extension size and a fact chunk', () => {
    const found = chunks(encodeWav(new Float32Array(5), 16000, 'float32'))
    expect([...found.keys()]).toEqual(['fmt ', 'fact', 'data'])
    const fmt = found.get('fmt ') as DataView
    expect(fmt.byteLength).toBe(18)
    expect(fmt.getUint16(0, true)).toBe(3)
    expect(fmt.getUint16(14, true)).toBe(32)
    expect(fmt.getUint16(16, true)).toBe(0)
    expect(found.get('fact')?.getUint32(0, true)).toBe(5)
  })

  test('keeps every value, also beyond ±1', () => {
    const samples = Float32Array.of(0.1, -0.3, 1.75, -2.5, 1e-38)
    const data = chunks(encodeWav(samples, 16000, 'float32')).get('data') as DataView
    expect(samples.map((_, i) => data.getFloat32(4 * i, true))).toEqual(samples)
  })
})

test('what cannot be encoded is an error that names it', () => {
  const bad = (run: () => unknown) => {
    expect(run).toThrow(InvalidOptionError)
    return run
  }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const format of ['pcm16', 'float32'] as const) {
      const samples = Float32Array.of(0, 0, value)
      expect(bad(() => encodeWav(samples, 16000, format))).toThrow(`sample 2 of channel 0 is`)
    }
  }
  bad(() => encodeWav(new Float32Array(2), 0))
  bad(() => encodeWav(new Float32Array(2), 44100.5))
  bad(() => encodeWav([new Float32Array(2), new Float32Array(3)], 16000))
  bad(() => encodeWav([], 16000))
  bad(() => encodeWav(new Float32Array(2), 16000, 'mp3' as 'pcm16'))
  expect(encodeWav(new Float32Array(0), 16000).length).toBe(44)
})
