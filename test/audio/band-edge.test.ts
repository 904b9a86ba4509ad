/** The end of a recording's band is found where it was put, and nowhere else. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bandEdge } from '../../lib/audio/band-edge.js'
import { prepareWaveform } from '../../lib/audio/prepare-waveform.js'
import { readWav } from '../../lib/audio/wav-reader.js'
import { resamplerNames, waveformProtocol } from '../../lib/audio/waveform-protocol.js'
import { Session } from '../../lib/score/features/session.js'
import { type NarrowFile, writeNarrow } from './narrow.js'

const folder = mkdtempSync(join(tmpdir(), 'audioldm-band-edge-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bands = [2000, 4000, 5500]
const narrow: NarrowFile[] = bands.flatMap((band) => [
  { name: `${band}.wav`, band },
  { name: `${band}-float.wav`, band, subtype: 'FLOAT' },
  { name: `${band}-8-bit.wav`, band, subtype: 'PCM_U8', slope: -3 },
  { name: `${band}-48k.wav`, band, rate: 48_000, method: 'soxr_mq' },
  { name: `${band}-16k.wav`, band, rate: 16_000 },
  { name: `${band}-scipy.wav`, band, method: 'polyphase' },
  { name: `${band}-steep.wav`, band, slope: -12 },
  { name: `${band}-whistle.wav`, band, whistle: 15_625 },
])
const full: NarrowFile[] = [0, -6, -12, -18].flatMap((slope) => [
  { name: `full${slope}.wav`, slope, subtype: 'FLOAT' },
  { name: `full${slope}-16k.wav`, slope, rate: 16_000 },
  { name: `full${slope}-8k.wav`, slope, rate: 8000 },
  { name: `full${slope}-whistle.wav`, slope, rate: 16_000, whistle: 5000 },
])
beforeAll(() => writeNarrow(folder, [...narrow, ...full]))

function edgeOf(name: string): number | undefined {
  const { channels, sampleRate } = readWav(readFileSync(join(folder, name)))
  return bandEdge(channels[0], sampleRate)
}

describe('an edge is found, to 10 %', () => {
  test.each(narrow)('$name', ({ name, band = 0 }) => {
    const edge = edgeOf(name) ?? Number.NaN
    expect(edge / band).toBeGreaterThan(0.9)
    expect(edge / band).toBeLessThan(1.1)
  })
})

describe('with resamplers of our own, to 20 %', () => {
  let session: Session
  beforeAll(() => {
    const options = { device: 'cpu', dtype: 'float32', threads: 2, cacheDir: null } as const
    session = new Session(options, new AbortController().signal, () => {})
  })
  afterAll(() => session.close())

  test.each(resamplerNames)('%s', async (name) => {
    const wide = readWav(readFileSync(join(folder, 'full-6.wav')))
    for (const band of bands) {
      const low = await resampled(wide, 2 * band, name)
      const edge = bandEdge((await resampled(low, 44_100, name)).channels[0], 44_100) ?? Number.NaN
      expect(edge / band, String(band)).toBeGreaterThan(0.8)
      expect(edge / band, String(band)).toBeLessThan(1.2)
    }
  })

  async function resampled(
    audio: { channels: Float32Array[]; sampleRate: number },
    sampleRate: number,
    name: (typeof resamplerNames)[number],
  ) {
    const needs = { removeMean: false, minSamples: 0, sampleRate }
    const protocol = { ...waveformProtocol('first-channel', name), ...needs }
    const waveform = await prepareWaveform(session.calculator, audio, protocol)
    const samples = Float32Array.from(waveform.data() as Float32Array)
    waveform.dispose()
    return { channels: [samples], sampleRate }
  }
})

describe('there is none', () => {
  test.each(full)('in a full band: $name', ({ name }) => {
    expect(edgeOf(name)).toBeUndefined()
  })

  test('in silence, and in next to nothing', () => {
    expect(bandEdge(new Float32Array(44_100), 44_100)).toBeUndefined()
    expect(bandEdge(Float32Array.of(0, 1, 0), 44_100)).toBeUndefined()
    expect(bandEdge(new Float32Array(0), 8000)).toBeUndefined()
    expect(bandEdge(Float32Array.of(1, -1, 1), 100)).toBeUndefined()
  })
})
