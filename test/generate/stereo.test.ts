/** Clips with two channels: what they are made of, and wherever they go. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Audio } from '../../lib/audio/audio.js'
import { measureLoudness } from '../../lib/audio/loudness.js'
import { decodeAudio } from '../../lib/audio/read.js'
import { InvalidOptionError } from '../../lib/errors.js'
import {
  type ClipSettings,
  type GenerateEvent,
  type GenerateOptions,
  generate,
} from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { score } from '../../lib/score/score.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'

const tiny = join(__dirname, '../../models/random-tiny')
const work = mkdtempSync(join(tmpdir(), 'audioldm-stereo-'))
let model: Model
beforeAll(async () => {
  compileLibrary()
  model = await loadModel(tiny, { device: 'cpu', dtype: 'float32' })
})
afterAll(async () => {
  await model.dispose()
  rmSync(work, { recursive: true, force: true })
})

const quick: GenerateOptions = { prompt: 'rain', steps: 4, seed: 7, durationSeconds: 1 }

async function made(options: GenerateOptions): Promise<{ audio: Audio; clip: ClipSettings }> {
  const { audio, clips } = await generate(model, { ...quick, ...options })
  return { audio: audio[0], clip: clips[0] }
}

async function channelsOf(audio: Audio): Promise<[Float32Array, Float32Array]> {
  const all = await audio.toFloat32Array()
  return [all.subarray(0, all.length / 2), all.subarray(all.length / 2)]
}

function correlation(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i], 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)
}

/** Half of the sum of both channels against the clip with one, as the settings state their gain. */
async function foldDownError({ audio, clip }: Awaited<ReturnType<typeof made>>, mono: Audio) {
  const [left, right] = await channelsOf(audio)
  const gain = clip.foldDownGain as number
  const mean = left.map((value, i) => (value + right[i]) / 2)
  return largestDifference(
    mean,
    (await mono.toFloat32Array()).map((value) => gain * value),
  )
}

describe('what the two channels are', () => {
  test.each([
    ['plain', {}],
    ['a single step', { steps: 1 }],
    ['in windows', { durationSeconds: 12, long: true, steps: 2 }],
    ['a loop', { loop: true }],
    ['with noise at every step', { scheduler: 'euler-a' as const }],
    ['with features kept', { featureCache: 2 }],
  ])('their mean is the clip with one channel: %s', async (_, options) => {
    const stereo = await made({ ...options, channels: 2 })
    const { audio: mono, clip } = await made({ ...options, channels: 1 })
    expect(stereo.audio.channels).toBe(2)
    expect(stereo.audio.durationSeconds).toBe(mono.durationSeconds)
    expect(stereo.clip).toMatchObject({ channels: 2, seed: 7n })
    expect(clip.channels).toBeUndefined()
    expect(await foldDownError(stereo, mono)).toBeLessThan(2e-7)
  })

  test('equally loud, and alike in part', async () => {
    for (const seed of [7, 8, 9]) {
      const [left, right] = await channelsOf((await made({ seed, channels: 2 })).audio)
      const power = (samples: Float32Array) => samples.reduce((sum, v) => sum + v * v, 0)
      expect(power(left) / power(right)).toBeCloseTo(1, 4)
      expect(correlation(left, right)).toBeGreaterThanOrEqual(0.6 - 1e-6)
      // Noise of these weights has little bass.
      expect(correlation(left, right)).toBeLessThan(0.75)
    }
  })

  test('the side of a loop goes round too', async () => {
    const [left, right] = await channelsOf((await made({ loop: true, channels: 2 })).audio)
    const side = left.map((value, i) => (value - right[i]) / 2)
    const jumps = side.map((value, i) => Math.abs(value - (side.at(i - 1) as number)))
    expect(jumps[0]).toBeLessThanOrEqual(Math.max(...jumps.slice(1)))
  })

  test('in a batch each clip is what it is alone', async () => {
    const options = { ...quick, prompt: ['rain', { prompt: 'wind', channels: 1 as const }, 'sea'] }
    const { audio, clips } = await generate(model, { ...options, channels: 2, batchSize: 4 })
    expect(clips.map(({ channels }) => channels)).toEqual([2, undefined, 2])
    const alone = (await made({ prompt: 'sea', seed: 9, channels: 2 })).audio
    expect(
      largestDifference(await audio[2].toFloat32Array(), await alone.toFloat32Array()),
    ).toBeLessThan(1e-5)
  })

  test('of candidates the one is widened that would be kept', async () => {
    const options = { candidates: 3, channels: 2 as const }
    const stereo = await made(options)
    const mono = await made({ candidates: 3 })
    expect(stereo.clip.candidates).toEqual(mono.clip.candidates)
    expect(await foldDownError(stereo, mono.audio)).toBeLessThan(2e-7)
    const again = await made({ seed: stereo.clip.seed, channels: 2 })
    expect(await again.audio.toFloat32Array()).toEqual(await stereo.audio.toFloat32Array())
  })

  test('from a sound, at every strength', async () => {
    const samples = Float32Array.from({ length: 16000 }, (_, i) => 0.5 * Math.sin(i / 9))
    for (const strength of [0, 0.5]) {
      const init = { audio: { samples, sampleRate: 16000 }, strength }
      const mono = await made({ init })
      const stereo = await made({ init, channels: 2 })
      expect(await foldDownError(stereo, mono.audio)).toBeLessThan(2e-7)
      const [left, right] = await channelsOf(stereo.audio)
      expect(largestDifference(left, right)).toBeGreaterThan(0.01)
    }
  })
})

test('comes whole, and counts the steps of both takes', async () => {
  const job = generate(model, { ...quick, channels: 2, stepLatents: true })
  const types: GenerateEvent['type'][] = []
  const steps: [number, number, number[]?][] = []
  for await (const event of job) {
    types.push(event.type)
    if (event.type === 'step') steps.push([event.step, event.steps, event.latents?.shape])
  }
  await job
  expect(types).not.toContain('audio')
  expect(types.filter((type) => type === 'clip')).toHaveLength(1)
  expect(steps.at(-1)).toEqual([6, 6, [1, 8, 25, 16]])
  const numbers = steps.map(([step]) => step)
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  const { timings } = await job
  expect(timings.stepMs).toHaveLength(6)
})

test('an abort ends the second take', async () => {
  const controller = new AbortController()
  const job = generate(model, { ...quick, channels: 2, steps: 50, signal: controller.signal })
  const before = model.core.core.liveTensorBytes()
  const follow = async () => {
    for await (const event of job) {
      if (event.type === 'step' && event.step > 50) controller.abort()
    }
  }
  await expect(follow()).rejects.toMatchObject({ code: 'ABORTED' })
  expect(model.core.core.liveTensorBytes() - before).toBeLessThan(200_000)
})

describe('wherever it goes', () => {
  test('at a loudness that counts both channels, below a true peak of both', async () => {
    const { audio, clip } = await made({ channels: 2, lufs: -24, truePeak: -3 })
    const [left, right] = await channelsOf(audio)
    const measured = measureLoudness([left, right], 16000)
    expect(measured.lufs).toBeCloseTo(-24, 2)
    expect(clip.loudness?.lufs).toBeCloseTo(-24, 6)
    expect(measured.lufs as number).toBeGreaterThan(
      (measureLoudness([left], 16000).lufs as number) + 2,
    )
    const limited = await made({ channels: 2, truePeak: -30 })
    const both = await channelsOf(limited.audio)
    const peaks = both.map((samples) => measureLoudness([samples], 16000).truePeak as number)
    expect(Math.max(...peaks)).toBeCloseTo(-30, 3)
  })

  test('saved and read back: WAV, FLAC, Opus', async () => {
    const { audio } = await made({ channels: 2 })
    const [left, right] = await channelsOf(audio)
    const wav = join(work, 'rain.wav')
    await audio.save(wav, { format: 'float32' })
    const bytes = readFileSync(wav)
    expect(bytes.readUInt16LE(22)).toBe(2)
    expect(bytes.readUInt32LE(24)).toBe(16000)
    expect(bytes.readUInt16LE(32)).toBe(8)
    expect((await decodeAudio(bytes)).channels).toEqual([left, right])
    const flac = await decodeAudio(await audio.toFlac({ format: 'pcm24' }))
    for (const [c, samples] of [left, right].entries()) {
      expect(largestDifference(flac.channels[c], samples)).toBeLessThan(2 ** -23)
    }
    const opus = await decodeAudio(await audio.toOpus())
    expect(opus.channels).toHaveLength(2)
    expect(opus.channels[0]).not.toEqual(opus.channels[1])
  })

  test('to Web Audio and to streams', async () => {
    const { audio } = await made({ channels: 2 })
    const [left, right] = await channelsOf(audio)
    const given: Float32Array[] = [new Float32Array(left.length), new Float32Array(left.length)]
    const createBuffer = (count: number, length: number, sampleRate: number) => {
      expect([count, length, sampleRate]).toEqual([2, left.length, 16000])
      return { getChannelData: (c: number) => given[c] }
    }
    await audio.toAudioBuffer({ createBuffer })
    expect(given).toEqual([left, right])
    const chunks: Float32Array[] = []
    for await (const chunk of audio.stream({ chunkSeconds: 0.3 })) chunks.push(chunk)
    expect(chunks.map(({ length }) => length)).toEqual([9600, 9600, 9600, 3200])
    expect(chunks[0].subarray(0, 4800)).toEqual(left.subarray(0, 4800))
    expect(chunks[3].subarray(1600)).toEqual(right.subarray(14400))
  })

  test('to score(): with the mean of channels it scores as the clip with one', async () => {
    const { audio, clip } = await made({ channels: 2 })
    const mono = await (await made({})).audio.scaled(clip.foldDownGain as number)
    const lsd = async (generated: Audio, rule: 'mean' | 'first-channel') => {
      const options = { metrics: ['lsd' as const], cacheDir: null, mono: rule }
      return (await score({ generated: [generated], reference: [mono], ...options })).metrics.lsd
    }
    // Not 0, since the metric compares a clip with a later part of it.
    const expected = await lsd(mono, 'mean')
    expect(await lsd(audio, 'mean')).toBeCloseTo(expected as number, 4)
    expect(await lsd(audio, 'first-channel')).toBeGreaterThan((expected as number) + 0.01)
  })
})

test.each([0, 3, 1.5, '2', null])('channels: %j is refused', (channels) => {
  const job = () => generate(model, { ...quick, channels } as object)
  expect(job).toThrow(InvalidOptionError)
  expect(job).toThrow(/^channels: expected 1 or 2, got /)
})

test('a clip that keeps part of a sound has one channel', () => {
  const init = { audio: { samples: new Float32Array(16000), sampleRate: 16000 } }
  const mask = { seconds: [[0, 0.5]] as [number, number][] }
  const job = () => generate(model, { ...quick, init, mask, channels: 2 })
  expect(job).toThrow(InvalidOptionError)
  expect(job).toThrow('channels: of a clip with a mask')
})

describe('on the command line', () => {
  const short = ['--duration', '1', '--steps', '2', '--seed', '7', '--dtype', 'float32']
  const run = (...args: string[]) =>
    runCli(['generate', 'rain', ...short, '--model', tiny, ...args])

  test('--channels 2', async () => {
    const out = join(work, 'cli.wav')
    const { code, stdout, stderr } = await run('--channels', '2', '--out', out, '--json')
    expect(code, stderr).toBe(0)
    const { files, settings } = JSON.parse(stdout)
    expect(settings.channels).toBe(2)
    expect(files[0].foldDownGain).toBeGreaterThan(0)
    const { channels } = await decodeAudio(readFileSync(out))
    const { audio } = await made({ steps: 2, channels: 2 })
    const expected = await decodeAudio(await audio.toWav())
    expect(channels).toHaveLength(2)
    for (const c of [0, 1]) {
      expect(largestDifference(channels[c], expected.channels[c])).toBeLessThan(1e-3)
    }
  })

  test('what cannot be', async () => {
    const out = ['--out', join(work, 'no.wav')]
    const three = await run('--channels', '3', ...out)
    expect([three.code, three.stderr]).toEqual([
      2,
      expect.stringContaining('--channels: expected 1 or 2, got 3'),
    ])
    const kept = await run('--channels', '2', '--init', 'a.wav', '--inpaint', '0-1', ...out)
    expect([kept.code, kept.stderr]).toEqual([
      2,
      expect.stringContaining('--channels: of a clip that keeps part of a sound'),
    ])
  })
})
