import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waveformProtocol } from '../../lib/audio/waveform-protocol.js'
import { extractFeatures } from '../../lib/score/features/features.js'
import { Session } from '../../lib/score/features/session.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { makeExtractors, openSide } from '../../lib/score/prepare-run.js'
import { score } from '../../lib/score/score.js'
import { askPython } from '../python/run.js'
import {
  narrowWeights,
  ownArchive,
  type Sound,
  scratch,
  sound,
  writeLongSounds,
  writeSounds,
} from './fixture.js'

const work = scratch()
let options: ScoreOptions

beforeAll(() => {
  options = {
    generated: writeSounds(work.path, 'generated', 12),
    reference: writeSounds(work.path, 'reference', 12, 1.3),
    ...narrowWeights(),
    device: 'cpu',
    cacheDir: join(work.path, 'cache'),
  }
})
afterAll(work.remove)

const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b)

test('the numbers are those of NumPy and SciPy on the same features', async () => {
  const { metrics } = await score({ ...options, metrics: ['fd', 'fad', 'is', 'kl', 'kad', 'kid'] })
  const expected = reference({
    ...(await featureFiles('generated', options.generated as string)),
    ...(await featureFiles('reference', options.reference as string)),
  })
  expect(relative(metrics.fd as number, expected.fd)).toBeLessThan(1e-5)
  expect(relative(metrics.fad as number, expected.fad)).toBeLessThan(1e-5)
  const { is, kl, kid } = metrics as Required<typeof metrics>
  expect(relative(is.mean, expected.is[0])).toBeLessThan(1e-5)
  expect(relative(is.std, expected.is[1])).toBeLessThan(1e-5)
  expect(relative(kl.softmax, expected.kl[0])).toBeLessThan(1e-5)
  expect(relative(kl.sigmoid, expected.kl[1])).toBeLessThan(1e-5)
  expect(relative(kid.mean, expected.kid[0])).toBeLessThan(1e-5)
  expect(relative(metrics.kad as number, expected.kad)).toBeLessThan(1e-10)
})

test('fad-infinity equals the NumPy script on the same features', async () => {
  const long = {
    ...options,
    generated: writeLongSounds(work.path, 'generated-long', 12, 45),
    reference: writeLongSounds(work.path, 'reference-long', 12, 45, 1.3),
  }
  const { metrics } = await score({ ...long, metrics: ['fad-infinity'] })
  const expected = reference({
    ...(await featureFiles('generated', long.generated)),
    ...(await featureFiles('reference', long.reference)),
  })
  const { value, slope } = metrics.fadInfinity as { value: number; slope: number }
  expect(relative(value, expected.fad_infinity.value)).toBeLessThan(1e-5)
  expect(relative(slope, expected.fad_infinity.slope)).toBeLessThan(1e-5)
  const few = await score({ ...long, reference: options.reference, metrics: ['fad-infinity'] })
  expect(few.reference?.frames).toBeLessThan(100)
  expect(few.metrics.fadInfinity?.value).toBeGreaterThan(0)
})

function reference(arrays: Awaited<ReturnType<typeof featureFiles>>) {
  // biome-ignore lint/suspicious/noExplicitAny: which metrics there are depends on the arrays
  return askPython<any>('score/python/reference.py', arrays)
}

/** The features of a folder as raw float32 files. */
async function featureFiles(side: string, folder: string) {
  const { signal } = new AbortController()
  const session = new Session({ device: 'cpu', dtype: 'float32', cacheDir: null }, signal, () => {})
  const { panns, vggish } = narrowWeights()
  const waveform = waveformProtocol('first-channel', 'sinc')
  const extractors = await makeExtractors(
    session,
    {
      specs: {
        panns: { kind: 'cnn14-16k', weights: panns },
        vggish: { kind: 'vggish', weights: vggish, finalRelu: false },
      },
      panns: 'cnn14-16k',
      chosen: { embedding: 'panns', logits: 'panns' },
    },
    ['panns', 'vggish'],
    waveform,
    () => {},
  )
  const found: Record<string, Float32Array[]> = { embedding: [], logits: [], frames: [] }
  const { clips } = await openSide(side, folder, true, signal)
  const how = { extractors: [...extractors.values()], batchSize: 1 }
  for await (const clip of extractFeatures(session, clips, how)) {
    if ('skipped' in clip) throw new Error(clip.skipped)
    const cnn14 = clip.features.get('cnn14-16k')
    found.embedding.push(cnn14?.embedding.data as Float32Array)
    found.logits.push(cnn14?.logits?.data as Float32Array)
    const frames = clip.features.get('vggish')?.embedding as { data: Float32Array }
    for (let at = 0; at < frames.data.length; at += 128) {
      found.frames.push(frames.data.subarray(at, at + 128))
    }
  }
  await session.close()
  return Object.fromEntries(
    Object.entries(found).map(([name, rows]) => {
      const path = join(work.path, `${side}_${name}.f32`)
      writeFileSync(
        path,
        Buffer.concat(rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength))),
      )
      return [`${side}_${name}`, { path, shape: [rows.length, rows[0].length] }]
    }),
  )
}

test('a set compared with itself is at distance nought', async () => {
  const { metrics, generated } = await score({ ...options, reference: options.generated })
  expect(metrics.fd).toBeGreaterThanOrEqual(0)
  expect(metrics.fad).toBeGreaterThanOrEqual(0)
  // The scale: a trace is of the order of the distance to another set.
  const other = (await score(options)).metrics
  expect(metrics.fd as number).toBeLessThan(1e-9 * (other.fd as number))
  expect(metrics.fad as number).toBeLessThan(1e-9 * (other.fad as number))
  expect(Math.abs(metrics.kl?.softmax as number)).toBeLessThan(1e-2)
  expect(generated.count).toBe(12)
})

test('neither the batch size nor the order of a list changes a number', async () => {
  const plain = (await score(options)).metrics
  const batched = await score({ ...options, batchSize: 5, cacheDir: null })
  const files = Array.from({ length: 12 }, (_, i) => {
    const name = `clip${String((i * 5) % 12).padStart(2, '0')}.wav`
    return join(options.generated as string, name)
  })
  const shuffled = await score({ ...options, generated: files })
  for (const metrics of [batched.metrics, shuffled.metrics]) {
    for (const [a, b] of [
      [metrics.fd, plain.fd],
      [metrics.fad, plain.fad],
      [metrics.is?.mean, plain.is?.mean],
      [metrics.kl?.softmax, plain.kl?.softmax],
      [metrics.kl?.sigmoid, plain.kl?.sigmoid],
    ]) {
      expect(relative(a as number, b as number)).toBeLessThan(1e-9)
    }
  }
  expect(batched.features).toEqual({ computed: 48, cached: 0 })
  expect(shuffled.features).toEqual({ computed: 0, cached: 48 })
})

test('sounds in memory are the same as files, and are paired by order', async () => {
  const clips = Array.from({ length: 12 }, (_, i) => {
    const { samples, sampleRate } = sound(i)
    // As 16-bit files keep them.
    return { samples: samples.map((x) => Math.round(x * 32768) / 32768), sampleRate }
  })
  const files = await score(options)
  const memory = await score({ ...options, generated: clips, cacheDir: null })
  expect(memory.protocol.pairing).toBe('order')
  expect(memory.pairs).toBe(12)
  expect(relative(memory.metrics.fd as number, files.metrics.fd as number)).toBeLessThan(1e-9)
  expect(memory.metrics.kl?.softmax).toBeCloseTo(files.metrics.kl?.softmax as number, 9)
})

test('the result states the protocol and scores every clip', async () => {
  const result = await score({
    ...options,
    perClip: true,
    metrics: ['fad', 'kl', 'lsd', 'psnr', 'ssim'],
  })
  const { protocol, clips, metrics } = result
  expect(protocol).toMatchObject({
    mono: 'first-channel',
    resampler: { name: 'sinc', lowpassFilterWidth: 6, rolloff: 0.99 },
    ddof: 1,
    pairing: 'name',
    dtype: 'float32',
    device: 'cpu',
    metrics: { kl: { epsilon: 1e-6 } },
    backbones: { 'cnn14-16k': { removeMean: true, minSamples: 32000 } },
  })
  expect(Object.keys(protocol.backbones)).toEqual(['vggish', 'cnn14-16k'])
  expect(clips).toHaveLength(12)
  const mean = (field: 'klSoftmax' | 'lsd' | 'psnr' | 'ssim') =>
    (clips ?? []).reduce((sum, clip) => sum + (clip[field] as number) / 12, 0)
  expect(mean('klSoftmax')).toBeCloseTo(metrics.kl?.softmax as number, 9)
  expect(mean('lsd')).toBeCloseTo(metrics.lsd as number, 9)
  expect(mean('psnr')).toBeCloseTo(metrics.psnr as number, 9)
  expect(mean('ssim')).toBeCloseTo(metrics.ssim as number, 9)
  const [first] = clips ?? []
  expect(first).toMatchObject({ name: 'clip00.wav', sampleRate: 16000, channels: 1 })
  expect(first.fad).toBeGreaterThan(0)
  expect(first.topProbability).toBeGreaterThan(0)
  expect(first.pair).toBe(join(options.reference as string, 'clip00.wav'))
})

test('pairs that are equal or too short do not count in the means of PSNR and SSIM', async () => {
  const noise = (i: number) => sound(i)
  const blip = { samples: new Float32Array(200).fill(0.1), sampleRate: 16000 }
  const generated = [noise(1), noise(2), blip, noise(3)]
  const reference = [noise(4), noise(2), blip, noise(5)]
  const warnings: string[] = []
  const job = score({
    ...{ generated, reference, device: 'cpu', perClip: true },
    metrics: ['lsd', 'psnr', 'ssim'],
  })
  for await (const event of job) if (event.type === 'warning') warnings.push(event.message)
  const { metrics, clips = [], pairs } = await job
  expect(pairs).toBe(4)
  expect(metrics.psnr).toBeCloseTo(((clips[0].psnr as number) + (clips[3].psnr as number)) / 2, 9)
  expect(metrics.ssim).toBeCloseTo(((clips[0].ssim as number) + (clips[3].ssim as number)) / 2, 9)
  expect(clips[1].psnr).toBe(Number.POSITIVE_INFINITY)
  expect(clips[2]).not.toHaveProperty('lsd')
  expect(warnings).toEqual([
    'lsd is the mean of 3 of 4 pairs: the others are too short or equal',
    'psnr is the mean of 2 of 4 pairs: the others are too short or equal',
    'ssim is the mean of 2 of 4 pairs: the others are too short or equal',
  ])
  const short = score({ generated: [blip], reference: [blip], device: 'cpu', metrics: ['lsd'] })
  await expect(short).rejects.toThrow('lsd: every pair is too short for it')
})

test('where a pair has digital silence, lsd says what the formula makes of it', async () => {
  const silent = (index: number): Sound => {
    const { samples, sampleRate } = sound(index)
    return { samples: samples.fill(0, samples.length / 2), sampleRate }
  }
  const scored = async (generated: Sound[], reference = generated) => {
    const warnings: unknown[] = []
    const job = score({ generated, reference, metrics: ['lsd'], device: 'cpu', perClip: true })
    for await (const event of job) if (event.type === 'warning') warnings.push(event)
    return { ...(await job), warnings }
  }
  // 8, 16, 22.05 and 44.1 kHz, the same on both sides.
  const plain = await scored([1, 2, 3, 4].map((i) => sound(i)))
  expect(plain.warnings).toEqual([])
  const equal = await scored([1, 2, 3, 4].map(silent))
  for (const [i, clip] of (equal.clips ?? []).entries()) {
    expect(clip.lsd).toBeGreaterThan((plain.clips?.[i].lsd as number) + 0.3)
  }
  const message = (some: string) =>
    `lsd counts digital silence as far apart even where it is the same: ${some} pairs have some`
  expect(equal.warnings).toEqual([{ type: 'warning', metric: 'lsd', message: message('4 of 4') }])
  const one = await scored(
    [1, 2].map((i) => sound(i)),
    [sound(1), silent(2)],
  )
  expect(one.warnings).toEqual([{ type: 'warning', metric: 'lsd', message: message('1 of 2') }])
  // Nothing but silence is at distance nought.
  const nothing = { samples: new Float32Array(16000), sampleRate: 16000 }
  const none = await scored([nothing, sound(1)])
  expect(none.clips?.[0].lsd).toBe(0)
  expect(none.warnings).toEqual([])
})

test('where there is no deviation, none is stated', async () => {
  const metrics = ['is', 'kid'] as const
  const first = (count: number, pitch?: number) =>
    Array.from({ length: count }, (_, i) => sound(i, pitch))
  const ten = (await score({ ...options, generated: first(10), reference: first(10, 2), metrics }))
    .metrics
  // Each part is one clip, and each subset the whole set.
  expect(ten.is).toEqual({ mean: expect.closeTo(1, 12), std: Number.NaN })
  expect(ten.kid).toEqual({ mean: expect.any(Number), std: Number.NaN })
  expect(ten.kid?.mean).not.toBeNaN()
  expect(JSON.parse(JSON.stringify(ten.kid)).std).toBe(null)
  const more = await score({ ...options, generated: first(11), reference: first(10, 2), metrics })
  expect(more.metrics.is?.std).toBeGreaterThan(0)
  expect(more.metrics.kid?.std).toBeGreaterThan(0)
})

test('where most references are equal, kad says that it tells little', async () => {
  const reference = [...Array.from({ length: 5 }, () => sound(1)), sound(2)]
  const warnings: unknown[] = []
  const job = score({ ...options, reference, generated: [sound(3), sound(4)], metrics: ['kad'] })
  for await (const event of job) if (event.type === 'warning') warnings.push(event)
  // Of 15 pairs of references 10 are equal.
  expect((await job).metrics.kad).toBeCloseTo((100 * 10) / 15, 6)
  expect(warnings).toContainEqual({
    type: 'warning',
    metric: 'kad',
    message: expect.stringContaining('tells equal clips from others and nothing more'),
  })
})

test("a user's own archive serves fd and kid", async () => {
  const embedding = `${ownArchive()}@16000`
  const own = { ...options, embedding, panns: undefined, vggish: undefined }
  const { metrics, protocol } = await score({ ...own, metrics: ['fd', 'kid'] })
  expect(metrics.fd).toBeGreaterThan(0)
  expect(metrics.kid?.mean).not.toBeNaN()
  const [backbone] = Object.values(protocol.backbones)
  expect(backbone.sampleRate).toBe(16000)
  // Beside CNN14, whose logits it cannot give.
  const both = await score({ ...options, embedding, metrics: ['fd', 'is'] })
  expect(both.metrics.fd).toBe(metrics.fd)
  expect(both.metrics.is?.mean).toBe(
    (await score({ ...options, metrics: ['is'] })).metrics.is?.mean,
  )
})
