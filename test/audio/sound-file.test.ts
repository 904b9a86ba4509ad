/** Sound files that are written, read back by the library's readers and by libsndfile. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Audio } from '../../lib/audio/audio.js'
import { encodeFlac } from '../../lib/audio/flac.js'
import { checkOgg } from '../../lib/audio/ogg-pages.js'
import { encodeOpus } from '../../lib/audio/opus.js'
import { decodeAudio } from '../../lib/audio/read.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { InvalidOptionError } from '../../lib/errors.js'
import { loadNative } from '../../lib/native/load.js'
import { Tensor } from '../../lib/tensor.js'
import { askPython } from '../python/run.js'
import { difference, randomNumbers } from './sounds.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-files-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Noise below 3 kHz that comes and goes, over a few tones: something that codecs are made for. */
function music(rate: number, seconds: number, seed = 1): Float32Array {
  const random = randomNumbers(seed)
  const keep = Math.exp((-2 * Math.PI * 1500) / rate)
  let low = 0
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => {
    low = keep * low + (1 - keep) * (random() - 0.5)
    const t = i / rate
    const tones = Math.sin(2 * Math.PI * (300 + seed) * t) + Math.sin(2 * Math.PI * 1111 * t)
    return 0.15 * tones + 0.3 * low * (1 + Math.sin(2 * Math.PI * 3 * t))
  })
}

const noise = (length: number, seed: number, gain: number) => {
  const random = randomNumbers(seed)
  return Float32Array.from({ length }, () => gain * (2 * random() - 1))
}

interface Found {
  channels: number
  rate: number
  frames: number
  subtype: string
  md5: string
}

describe('FLAC', () => {
  const sounds = [
    { name: 'music', channels: [music(16000, 2)], rate: 16000 },
    { name: 'stereo', channels: [music(48000, 1), music(48000, 1, 9)], rate: 48000 },
    // Noise cannot be predicted; a part of it is clipped.
    { name: 'clipped noise', channels: [noise(50_000, 3, 1.4)], rate: 44100 },
    { name: 'silence', channels: [new Float32Array(5000), noise(5000, 5, 1)], rate: 8000 },
    { name: 'short', channels: [Float32Array.of(1, -1, 0.5, 1e-9, -0.99999)], rate: 22050 },
  ]
  const formats = ['pcm16', 'pcm24'] as const

  test.each(
    sounds.flatMap((sound) => formats.map((format) => ({ ...sound, format }))),
  )('$name in $format has the samples of the WAV file', async ({ channels, rate, format }) => {
    const flac = await decodeAudio(await encodeFlac(channels, rate, format))
    const wav = await decodeAudio(encodeWav(channels, rate, format))
    expect(flac.sampleRate).toBe(rate)
    expect(flac.channels).toEqual(wav.channels)
    const step = 2 ** -(format === 'pcm16' ? 15 : 23)
    const clipped = channels.map((samples) =>
      samples.map((value) => Math.max(-1, Math.min(1 - step, value))),
    )
    expect(difference(flac.channels, clipped)).toBeLessThanOrEqual(step / 2)
  })

  test('libsndfile reads the same integers from it as from the WAV file', async () => {
    const paths: string[] = []
    const stated: string[] = []
    for (const { name, channels, rate } of sounds) {
      for (const format of formats) {
        const flac = await encodeFlac(channels, rate, format)
        stated.push(Buffer.from(flac.subarray(26, 42)).toString('hex'))
        paths.push(join(work, `${name}-${format}.wav`), join(work, `${name}-${format}.flac`))
        writeFileSync(paths.at(-2) as string, encodeWav(channels, rate, format))
        writeFileSync(paths.at(-1) as string, flac)
      }
    }
    const found = askPython<Found[]>('audio/python/decoded.py', paths)
    for (const [i, format] of sounds.flatMap(() => formats).entries()) {
      const [wav, flac] = [found[2 * i], found[2 * i + 1]]
      expect(flac).toEqual(wav)
      expect(flac.subtype).toBe(format === 'pcm16' ? 'PCM_16' : 'PCM_24')
    }
    // The hash in the file is that of its samples, which is how tools verify it.
    const integers = Int16Array.from(sounds[0].channels[0], (value) => Math.round(value * 32768))
    const md5 = createHash('md5').update(new Uint8Array(integers.buffer)).digest('hex')
    expect(stated[0]).toBe(md5)
  })

  test('is smaller than WAV, and the same every time', async () => {
    const samples = music(16000, 4)
    const flac = await encodeFlac([samples], 16000)
    expect(flac.length).toBeLessThan(0.85 * encodeWav(samples, 16000).length)
    expect(await encodeFlac([samples], 16000)).toEqual(flac)
  })

  test('several at once do not disturb each other', async () => {
    const all = [1, 2, 3, 4].map((seed) => music(16000, 3, seed))
    const together = await Promise.all(all.map((samples) => encodeFlac([samples], 16000)))
    for (const [i, bytes] of together.entries()) {
      expect((await decodeAudio(bytes)).channels).toEqual(
        (await decodeAudio(encodeWav(all[i], 16000))).channels,
      )
    }
  })

  test('what it cannot hold is refused', async () => {
    const refused = (work: Promise<unknown>) => expect(work).rejects.toThrow(InvalidOptionError)
    await refused(encodeFlac([Float32Array.of(0, Number.NaN)], 16000))
    await refused(encodeFlac([new Float32Array(2)], 700_001))
    await refused(encodeFlac([new Float32Array(2)], 16000, 'float32' as 'pcm16'))
    await refused(encodeFlac([], 16000))
  })
})

describe('Opus', () => {
  /** Of what is wanted against what is not, in dB; sounds that are shifted have about none. */
  function ratio(reference: Float32Array, decoded: Float32Array): number {
    let [signal, error] = [0, 0]
    for (const [i, value] of reference.entries()) {
      signal += value ** 2
      error += (value - decoded[i]) ** 2
    }
    return 10 * Math.log10(signal / error)
  }

  test.each([
    [16, 9],
    [32, 13],
    [64, 20],
    [128, 26],
  ])('at %d kbit/s the error is %d dB below the sound', async (bitrate, least) => {
    const samples = music(48000, 4)
    const bytes = await encodeOpus([samples], 48000, bitrate)
    const { channels, sampleRate } = await decodeAudio(bytes)
    expect(sampleRate).toBe(48000)
    expect(channels).toHaveLength(1)
    expect(channels[0]).toHaveLength(samples.length)
    expect(ratio(samples, channels[0])).toBeGreaterThan(least)
    // The rate varies with the sound; libopus aims at the mean.
    const mean = (8 * bytes.length) / 4000
    expect(mean / bitrate).toBeGreaterThan(0.9)
    expect(mean / bitrate).toBeLessThan(1.15)
  })

  test.each([
    16000, 22050, 44100,
  ])('a sound of %d Hz keeps its pitch, time and length', async (rate) => {
    const samples = music(rate, 1.5)
    const { channels, sampleRate } = await decodeAudio(await encodeOpus([samples], rate, 128))
    expect(sampleRate).toBe(48000)
    const exact = music(48000, 1.5)
    expect(Math.abs(channels[0].length - exact.length)).toBeLessThanOrEqual(48000 / rate)
    // Noise differs with the rate, the tones do not.
    const tone = (x: Float32Array, r: number, hertz: number) => {
      let [re, im] = [0, 0]
      for (const [i, value] of x.entries()) {
        re += value * Math.cos((2 * Math.PI * hertz * i) / r)
        im += value * Math.sin((2 * Math.PI * hertz * i) / r)
      }
      return { level: (2 * Math.hypot(re, im)) / x.length, phase: Math.atan2(re, im) }
    }
    for (const hertz of [301, 1111]) {
      const [before, after] = [tone(samples, rate, hertz), tone(channels[0], 48000, hertz)]
      expect(after.level / before.level).toBeCloseTo(1, 1)
      expect(after.phase - before.phase).toBeCloseTo(0, 1)
    }
  })

  test('two channels stay apart', async () => {
    const both = [music(48000, 2), music(48000, 2, 200)]
    const { channels } = await decodeAudio(await encodeOpus(both, 48000))
    expect(channels).toHaveLength(2)
    for (const c of [0, 1]) expect(ratio(both[c], channels[c])).toBeGreaterThan(12)
  })

  test('is whole, the same every time, and libsndfile reads as much of it', async () => {
    const lengths = [1, 647, 648, 649, 960 * 50 - 312, 960 * 50 - 311, 100_000]
    const paths: string[] = []
    for (const length of lengths) {
      const samples = noise(length, 1, 0.3)
      const bytes = await encodeOpus([samples], 48000)
      expect(await encodeOpus([samples], 48000)).toEqual(bytes)
      expect(() => checkOgg(bytes)).not.toThrow()
      expect((await decodeAudio(bytes)).channels[0]).toHaveLength(length)
      paths.push(join(work, `${length}.opus`))
      writeFileSync(paths.at(-1) as string, bytes)
    }
    const found = askPython<Found[]>('audio/python/decoded.py', paths)
    expect(found.map(({ frames }) => frames)).toEqual(lengths)
    expect(found.every(({ subtype, rate }) => subtype === 'OPUS' && rate === 48000)).toBe(true)
  })

  test('what it cannot hold is refused', async () => {
    const refused = (work: Promise<unknown>) => expect(work).rejects.toThrow(InvalidOptionError)
    const samples = new Float32Array(100)
    for (const bitrate of [5, 257, Number.NaN, '64' as unknown as number]) {
      await refused(encodeOpus([samples], 48000, bitrate))
    }
    await refused(encodeOpus([Float32Array.of(Number.POSITIVE_INFINITY)], 48000))
    expect((await encodeOpus([samples, samples], 48000, 512)).length).toBeGreaterThan(0)
  })
})

describe('Audio', () => {
  let audio: Audio
  const samples = music(16000, 0.5)
  beforeAll(() => {
    const { NativeTensor } = loadNative({ cuda: false }).core
    audio = new Audio(new Tensor(NativeTensor.from(samples, [samples.length])), 16000)
  })

  test('save goes by the name', async () => {
    const kinds = {
      'a.wav': encodeWav(samples, 16000),
      a: encodeWav(samples, 16000),
      'A.FLAC': await encodeFlac([samples], 16000),
      'a.opus': await encodeOpus([samples], 16000),
      'a.ogg': await encodeOpus([samples], 16000),
    }
    for (const [name, bytes] of Object.entries(kinds)) {
      await audio.save(join(work, name))
      expect(readFileSync(join(work, name)).equals(bytes), name).toBe(true)
    }
    await audio.save(join(work, 'a.flac'), { format: 'pcm24' })
    expect(new Uint8Array(readFileSync(join(work, 'a.flac')))).toEqual(
      await audio.toFlac({ format: 'pcm24' }),
    )
    await audio.save(join(work, 'a.oga'), { bitrate: 24 })
    expect(new Uint8Array(readFileSync(join(work, 'a.oga')))).toEqual(
      await audio.toOpus({ bitrate: 24 }),
    )
  })

  test.each([
    ['b.mp3', {}, 'path: .wav is what is written, not .mp3'],
    ['b.png', {}, 'path: .wav is what is written, not .png'],
    ['b.wav', { bitrate: 64 }, 'bitrate: is of Opus, and this is WAV'],
    ['b.flac', { bitrate: 64 }, 'bitrate: is of Opus, and this is FLAC'],
    ['b.flac', { format: 'float32' }, "format: expected 'pcm16' or 'pcm24', got 'float32'"],
    ['b.ogg', { format: 'pcm16' }, 'format: is of WAV and FLAC, and this is Opus'],
  ] as const)('%s with %j is refused', async (name, options, message) => {
    await expect(audio.save(join(work, name), options)).rejects.toThrow(message)
    expect(existsSync(join(work, name))).toBe(false)
  })
})
