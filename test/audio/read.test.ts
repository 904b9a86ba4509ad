import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PowerSpectrum } from '../../lib/audio/fft.js'
import { decodeAudio } from '../../lib/audio/read.js'
import { AudioError } from '../../lib/errors.js'
import { damaged, difference, randomNumbers, type SoundFile, writeSounds } from './sounds.js'

const flac = ['PCM_S8', 'PCM_16', 'PCM_24'].flatMap((subtype) =>
  [1, 2, 6].map(
    (channels): SoundFile => ({
      name: `${subtype}-${channels}.flac`,
      format: 'FLAC',
      subtype,
      channels,
      rate: 44100,
      frames: 9001,
    }),
  ),
)
const lossy: SoundFile[] = [
  { name: 'vorbis.ogg', format: 'OGG', subtype: 'VORBIS', channels: 2, rate: 44100 },
  { name: 'vorbis-mono.ogg', format: 'OGG', subtype: 'VORBIS', channels: 1, rate: 8000 },
  { name: 'opus.ogg', format: 'OGG', subtype: 'OPUS', channels: 2, rate: 48000 },
  { name: 'stereo.mp3', format: 'MP3', subtype: 'MPEG_LAYER_III', channels: 2, rate: 44100 },
  { name: 'mono.mp3', format: 'MP3', subtype: 'MPEG_LAYER_III', channels: 1, rate: 16000 },
].map((file) => ({ ...file, frames: 20_011 }))
const files = [
  ...flac,
  ...lossy,
  { ...flac[0], name: 'long.flac', channels: 2, subtype: 'PCM_24', frames: 300_000 },
  { ...lossy[2], name: 'opus-16k.ogg', channels: 1, rate: 16000 },
]
const { folder, sounds } = writeSounds(files)
afterAll(() => rmSync(folder, { recursive: true }))

function soundNamed(name: string) {
  const sound = sounds.find((one) => one.name === name)
  if (!sound) throw new Error(name)
  return sound
}

const fixtures = join(__dirname, '../fixtures/audio')
const tones = ['tone.m4a', 'tone-fragmented.m4a', 'tone.aac', 'tone.webm', 'tone-vorbis.webm'].map(
  (name) => ({ name, bytes: readFileSync(join(fixtures, name)) }),
)

// Decoders write to the console about damaged frames.
beforeAll(() => {
  for (const level of ['error', 'warn', 'log'] as const) {
    vi.spyOn(console, level).mockImplementation(() => {})
  }
})

describe('sound that libsndfile reads too', () => {
  it.each([...flac.map(({ name }) => name), 'long.flac'])('%s is the same', async (name) => {
    const sound = soundNamed(name)
    const { channels, sampleRate } = await decodeAudio(sound.bytes)
    expect(sampleRate).toBe(sound.rate)
    expect(difference(channels, sound.channels)).toBe(0)
  })

  it.each(lossy.map(({ name }) => name))('%s is the same up to rounding', async (name) => {
    const sound = soundNamed(name)
    const { channels, sampleRate } = await decodeAudio(sound.bytes)
    expect(sampleRate).toBe(sound.rate)
    expect(difference(channels, sound.channels)).toBeLessThan(3e-6)
  })

  it('is at 48 kHz where it is Opus, whatever it was made from', async () => {
    const { channels, sampleRate } = await decodeAudio(soundNamed('opus-16k.ogg').bytes)
    expect(sampleRate).toBe(48000)
    expect(channels.map((samples) => samples.length)).toEqual([3 * 20_011])
  })

  it('is found behind an ID3 tag', async () => {
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\x02'), Buffer.alloc(130, 0xff)])
    for (const name of ['PCM_16-1.flac', 'stereo.mp3']) {
      const sound = soundNamed(name)
      const { channels } = await decodeAudio(Buffer.concat([tag, sound.bytes]))
      expect(difference(channels, sound.channels)).toBeLessThan(3e-6)
    }
  })
})

/** The frequency and height of the highest peak in the middle of a tone. */
function peakOf(samples: Float32Array, rate: number): { hertz: number; amplitude: number } {
  const size = 4096
  const spectrum = new PowerSpectrum(size)
  const power = new Float64Array(size / 2 + 1)
  const middle = samples.subarray(samples.length / 2 - size / 2)
  const window = Float64Array.from({ length: size }, (_, i) => Math.sin((Math.PI * i) / size) ** 2)
  spectrum.compute(
    window.map((value, i) => value * middle[i]),
    power,
  )
  const at = power.indexOf(Math.max(...power))
  return { hertz: (at * rate) / size, amplitude: Math.sqrt(power[at]) / (size / 4) }
}

describe('tones in formats that libsndfile does not read', () => {
  it.each([
    // An edit list says where the sound begins and ends; ADTS has nothing of the kind, so what
    // fills up the last frame stays.
    { name: 'tone.m4a', rate: 16000, frames: 8000, tones: [1000] },
    { name: 'tone-fragmented.m4a', rate: 16000, frames: 8192, tones: [1000, 2000] },
    // Nor does it tell HE-AAC from AAC: low rates come doubled, as the first would need it.
    { name: 'tone.aac', rate: 32000, frames: 16384, tones: [1000] },
    { name: 'tone.webm', rate: 48000, frames: 24000, tones: [1000] },
    { name: 'tone-vorbis.webm', rate: 16000, frames: 8192, tones: [1000] },
  ])('$name', async ({ name, rate, frames, tones: expected }) => {
    const { bytes } = tones.find((tone) => tone.name === name) ?? tones[0]
    const { channels, sampleRate } = await decodeAudio(bytes)
    expect(sampleRate).toBe(rate)
    expect(channels.map((samples) => samples.length)).toEqual(expected.map(() => frames))
    channels.forEach((samples, c) => {
      const { hertz, amplitude } = peakOf(samples, rate)
      expect(Math.abs(hertz - expected[c])).toBeLessThan(rate / 4096)
      expect(amplitude).toBeGreaterThan(0.4)
      expect(amplitude).toBeLessThan(0.6)
    })
  })
})

async function reasonFor(bytes: Uint8Array): Promise<string> {
  const error = await decodeAudio(bytes).catch((reason) => reason)
  expect(error).toBeInstanceOf(AudioError)
  return error.message
}

describe('files that cannot be read', () => {
  it.each<[string, RegExp, Uint8Array]>([
    ['an empty file', /^is empty$/, Buffer.alloc(0)],
    ['text', /^is text/, Buffer.from('Not a sound\n')],
    ['zeros', /^is not sound in a format that is read/, Buffer.alloc(1000)],
    ['AIFF', /^is a AIFF|^is an AIFF/, Buffer.from('FORM\0\0\0\x10AIFFCOMM')],
    ['RIFF of another kind', /RIFF, but not WAVE/, Buffer.from('RIFF\x04\0\0\0AVI ')],
    [
      'an Ogg file of another kind',
      /^is an Ogg file without/,
      Buffer.from(`OggS${'\0'.repeat(60)}`),
    ],
  ])('%s', async (_, reason, bytes) => {
    expect(await reasonFor(bytes)).toMatch(reason)
  })

  it('are cut off, in every format that knows its length', async () => {
    const whole = [
      soundNamed('PCM_16-2.flac').bytes,
      soundNamed('vorbis.ogg').bytes,
      soundNamed('opus.ogg').bytes,
      ...tones.filter(({ name }) => name !== 'tone.aac').map(({ bytes }) => bytes),
    ]
    for (const bytes of whole) {
      for (const part of [0.1, 0.5, 0.9]) {
        expect(await reasonFor(bytes.subarray(0, bytes.length * part))).toMatch(/cut off/)
      }
    }
  })

  it('read as far as they go, in MP3 and ADTS', async () => {
    for (const bytes of [soundNamed('stereo.mp3').bytes, tones[2].bytes]) {
      const whole = (await decodeAudio(bytes)).channels[0].length
      const half = (await decodeAudio(bytes.subarray(0, bytes.length / 2))).channels[0].length
      expect(half / whole).toBeGreaterThan(0.3)
      expect(half / whole).toBeLessThan(0.7)
    }
  })

  it('have damaged pages', async () => {
    const bytes = Buffer.from(soundNamed('vorbis.ogg').bytes)
    bytes[bytes.length - 100] ^= 1
    expect(await reasonFor(bytes)).toMatch(/Ogg file that is damaged in page/)
  })

  it('claim more than they can hold', async () => {
    const m4a = Buffer.from(tones[0].bytes)
    m4a.writeUInt32BE(0x0fffffff, m4a.indexOf('stsz') + 12)
    expect(await reasonFor(m4a)).toMatch(/MP4 file that is damaged/)
    m4a.writeUInt32BE(1, m4a.indexOf('stsz') + 8)
    expect(await reasonFor(m4a)).toMatch(/268435455 packets/)
    const stated = Buffer.from(soundNamed('PCM_16-1.flac').bytes)
    stated.writeUInt32BE(0x7fffffff, 22)
    expect(await reasonFor(stated)).toMatch(/is too long: 2147483647 samples/)
  })

  it('are made of frames that stand for hours of silence', async () => {
    const { bytes } = soundNamed('PCM_16-1.flac')
    const info = Buffer.from(bytes.subarray(0, 42))
    info[4] = 0x80
    info.fill(0, 22, 26)
    // A header of 65,536 samples a frame, one channel of 16 bits, with its checksum.
    const frame = Buffer.from([0xff, 0xf8, 0x7a, 0x08, 0x00, 0xff, 0xff, 0x00, 0, 0, 0, 0, 0])
    frame[7] = crc8(frame.subarray(0, 7))
    const silence = Buffer.concat([info, ...Array.from({ length: 5000 }, () => frame)])
    expect(await reasonFor(silence)).toMatch(/is too long: 327680000 samples/)
  })
})

/** Of the polynomial 07, bit by bit. */
function crc8(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? 0x107 : 0)
  }
  return crc
}

describe('damaged files', () => {
  const whole = [
    ...['PCM_16-2.flac', 'vorbis-mono.ogg', 'opus.ogg', 'mono.mp3'].map(soundNamed),
    ...tones,
  ]
  it.each(whole)('$name gives samples or an AudioError', async ({ bytes }) => {
    const random = randomNumbers(2)
    let failed = 0
    for (let i = 0; i < 60; i++) {
      try {
        const { channels, sampleRate } = await decodeAudio(damaged(bytes, random))
        expect(sampleRate).toBeGreaterThan(0)
        expect(channels.length * channels[0].length).toBeLessThan(1e6)
      } catch (error) {
        expect(error).toBeInstanceOf(AudioError)
        failed++
      }
    }
    expect(failed).toBeGreaterThan(0)
  })
})
