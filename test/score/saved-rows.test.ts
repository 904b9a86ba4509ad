/** References without sounds: rows of every clip in the file of saved statistics. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidOptionError, InvalidWeightsError } from '../../lib/errors.js'
import type { MetricName } from '../../lib/metrics/metric.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { type SaveStatisticsOptions, saveStatistics } from '../../lib/score/save-statistics.js'
import { score } from '../../lib/score/score.js'
import { readSafetensors, readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { narrowWeights, scratch, writeSounds } from './fixture.js'
import { writeSealed } from './sealed.js'

const clap = join(__dirname, '../../models/random-tiny')
const work = scratch()
const at = (name: string) => join(work.path, name)
const whole = at('rows.safetensors')
let generated: string
let reference: string
let how: Omit<SaveStatisticsOptions, 'audio' | 'output'>

beforeAll(async () => {
  generated = writeSounds(work.path, 'generated', 11)
  reference = writeSounds(work.path, 'reference', 11, 1.3)
  how = { ...narrowWeights(), clap, device: 'cpu', cacheDir: at('cache') }
  const license = 'CC0, recorded by nobody'
  await saveStatistics({ ...how, audio: reference, output: whole, rows: true, license })
}, 120_000)
afterAll(work.remove)

const metrics: MetricName[] = ['fd', 'fad', 'is', 'kl', 'kad', 'kid', 'clap']
const prompts = Object.fromEntries(
  Array.from({ length: 11 }, (_, i) => [`clip${String(i).padStart(2, '0')}`, `sound ${i}`]),
)
const all = (options: Partial<ScoreOptions>) =>
  score({ ...how, generated, reference, metrics, prompts, perClip: true, ...options })

test('rows give every metric as the sounds do, to the last digit', async () => {
  const ofSounds = await all({})
  expect(Object.keys(ofSounds.metrics)).toEqual(metrics)
  const ofRows = await all({ reference: whole })
  expect(ofRows.metrics).toEqual(ofSounds.metrics)
  const pathless = ofSounds.clips?.map(({ pair, ...clip }) => clip)
  expect(ofRows.clips?.map(({ pair, ...clip }) => clip)).toEqual(pathless)
  const saved = [{ path: whole, clips: 11, license: 'CC0, recorded by nobody' }]
  expect(ofRows.reference).toEqual({ ...ofSounds.reference, saved })
  const bare = ({ protocol }: typeof ofRows) => protocol
  expect(bare(ofRows)).toEqual(bare(ofSounds))

  const byClap = { backbone: 'clap', metrics: ['fd', 'kad', 'kid'] } as const
  expect((await all({ ...byClap, reference: whole })).metrics).toEqual((await all(byClap)).metrics)
}, 120_000)

test('generated sounds may be rows too', async () => {
  const own = at('generated.safetensors')
  await saveStatistics({ ...how, audio: generated, output: own, rows: true })
  const ofRows = await all({ generated: own, reference: whole, cacheDir: null })
  expect(ofRows.metrics).toEqual((await all({})).metrics)
  expect(ofRows.features.computed).toBe(0)
}, 120_000)

test('rows of shards are the rows of the whole, in one file and in several', async () => {
  const parts: string[] = []
  for (const index of [0, 1]) {
    const output = at(`part${index}.safetensors`)
    await saveStatistics({
      ...{ ...how, audio: reference, output, rows: true },
      shard: { index, count: 2 },
    })
    parts.push(output)
  }
  const wanted = (await all({})).metrics
  expect((await all({ reference: parts })).metrics).toEqual(wanted)
  const merged = at('merged.safetensors')
  const { count } = await saveStatistics({ ...how, audio: parts, output: merged, rows: true })
  expect(count).toBe(11)
  expect((await all({ reference: merged })).metrics).toEqual(wanted)
}, 120_000)

test('without weights, files with rows are merged as statistics', async () => {
  const output = at('statistics.safetensors')
  const job = await saveStatistics({ audio: [whole], output })
  expect(job.count).toBe(11)
  expect((await readSafetensors(output)).has('manifest')).toBe(false)
  const rows = saveStatistics({ audio: [whole], output: at('no.safetensors'), rows: true })
  await expect(rows).rejects.toThrow('rows: without weights statistics alone are merged')
  const mixed = { audio: [output, reference], output: at('no.safetensors'), rows: true }
  await expect(saveStatistics({ ...how, ...mixed })).rejects.toThrow('has statistics and no rows')
})

async function refusal(options: Partial<ScoreOptions>): Promise<Error> {
  return (await all({ reference: whole, ...options }).then(undefined, (error) => error)) as Error
}

test('waveforms cannot be compared with rows', async () => {
  for (const metric of ['lsd', 'psnr', 'ssim'] as const) {
    const error = await refusal({ metrics: [metric], prompts: undefined })
    expect(error.message).toContain(`${metric} needs the clips themselves`)
    expect(error.message).toContain('has their rows only')
  }
})

async function rewritten(
  name: string,
  change: (content: string) => string,
  tensors?: (table: Map<string, never>) => void,
): Promise<string> {
  const metadata = Object.fromEntries(await readSafetensorsMetadata(whole))
  const table = new Map([...(await readSafetensors(whole))]) as unknown as Map<string, never>
  tensors?.(table)
  const changed = { ...metadata, content: change(metadata.content) }
  await writeSealed(at(name), table, changed)
  return at(name)
}

describe('rows of another protocol are refused, and the field is named:', () => {
  test.each<[field: string, from: string | RegExp, to: string]>([
    ['sampleRate', /"sampleRate":16000/, '"sampleRate":22050'],
    ['settings.weights', /"weights":"[0-9a-f]{8}/, '"weights":"00000000'],
    ['settings.dtype', '"dtype":"float32"', '"dtype":"bfloat16"'],
    ['settings.finalRelu', '"finalRelu":false', '"finalRelu":true'],
    ['settings.pca', '"pca":false', '"pca":true'],
    ['mono', '"mono":"first-channel"', '"mono":"mean"'],
    ['removeMean', '"removeMean":true', '"removeMean":false'],
    ['resampler.name', '"name":"sinc"', '"name":"kaiser-best"'],
    ['resampler.lowpassFilterWidth', '"lowpassFilterWidth":6', '"lowpassFilterWidth":16'],
    ['resampler.rolloff', /"rolloff":0\.\d+/, '"rolloff":0.5'],
    ['minSamples', /"minSamples":\d+/, '"minSamples":1'],
    ['repeatpad', /"repeatpad":\d+/, '"repeatpad":1'],
  ])('%s', async (field, from, to) => {
    const file = await rewritten(`${field}.safetensors`, (content) => {
      const changed = content.replaceAll(
        typeof from === 'string' ? from : new RegExp(from, 'g'),
        to,
      )
      expect(changed).not.toBe(content)
      return changed
    })
    // That of CLAP alone is of the protocol of its rows.
    const byClap = { backbone: 'clap', metrics: ['fd'], prompts: undefined } as const
    const error = await refusal({ reference: file, ...(field === 'repeatpad' && byClap) })
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error.message).toMatch(new RegExp(`^ {2}${field.replace('.', '\\.')}: `, 'm'))
  })

  test('a backbone that it does not have', async () => {
    const audio = at('reference')
    const alone = at('alone.safetensors')
    const { panns, ...common } = how
    await saveStatistics({ ...common, audio, output: alone, rows: true })
    const error = await refusal({ reference: alone, metrics: ['kl'], prompts: undefined })
    expect(error.message).toContain('has no statistics of cnn14-16k')
  })
})

describe('damaged rows are refused', () => {
  const manifest = (text: string) => (table: Map<string, never>) => {
    const data = new TextEncoder().encode(text)
    table.set('manifest', { dtype: 'uint8', shape: [data.length], data } as never)
  }
  const clip = {
    ...{ name: 'a.wav', sha256: '0'.repeat(64) },
    ...{ durationSeconds: 1, sampleRate: 16000, channels: 1 },
  }
  const clips = Array.from({ length: 11 }, () => clip)
  const rows = (name: string, shape: number[], fill = 0) => {
    const data = new Float32Array(shape[0] * shape[1]).fill(fill)
    return (table: Map<string, never>) =>
      void table.set(name, { dtype: 'float32', shape, data } as never)
  }
  test.each<[what: string, change: (table: Map<string, never>) => void, message: string]>([
    ['no JSON', manifest('{'), 'its manifest is no JSON'],
    [
      'a foreign hash',
      manifest(JSON.stringify({ clips: [{ ...clip, sha256: '../x' }], frames: {} })),
      'clips.0.sha256',
    ],
    ['other clips', manifest(JSON.stringify({ clips: [clip], frames: {} })), 'rows of 1'],
    [
      'frames of fewer clips',
      manifest(JSON.stringify({ clips, frames: { vggish: [3] } })),
      'the rows of vggish are not those of 11 clips',
    ],
    ['too few rows', rows('cnn14-16k.rows', [10, 16]), 'the rows of cnn14-16k are not those'],
    ['too few logits', rows('cnn14-16k.logits', [10, 527]), 'the rows of cnn14-16k are not those'],
    [
      'no numbers',
      (table) => {
        const { shape } = table.get('cnn14-16k.rows') as unknown as { shape: [number, number] }
        rows('cnn14-16k.rows', shape, Number.NaN)(table)
      },
      'not finite',
    ],
    ['wider rows', rows('cnn14-16k.rows', [11, 17]), 'the rows of cnn14-16k are not those'],
    [
      'no logits',
      (table) => void table.delete('cnn14-16k.logits'),
      'there is no tensor cnn14-16k.logits',
    ],
    [
      'no rows',
      (table) => void table.delete('cnn14-16k.rows'),
      'there is no tensor cnn14-16k.rows',
    ],
  ])('%s', async (what, change, message) => {
    const file = await rewritten(`${what}.safetensors`, (content) => content, change)
    const error = await refusal({ reference: file })
    expect(error).toBeInstanceOf(InvalidWeightsError)
    expect(error.message).toContain(message)
  })

  test('one bit', async () => {
    const bytes = readFileSync(whole)
    const { offset } = (await readSafetensors(whole)).get('cnn14-16k.rows') as { offset: number }
    for (const at of [offset, offset + 401, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at] ^= 4
      const file = join(work.path, `bit${at}.safetensors`)
      writeFileSync(file, changed)
      const error = await refusal({ reference: file })
      expect(error).toBeInstanceOf(InvalidWeightsError)
      expect(error.message).toContain('not those that were saved: another SHA-256')
    }
  })

  test('a field of a protocol that this version does not know', async () => {
    const file = await rewritten('later.safetensors', (content) =>
      content.replaceAll('"minSamples":', '"trim":true,"minSamples":'),
    )
    const error = await refusal({ reference: file })
    expect(error.message).toMatch(/^ {2}trim: true, not absent/m)
  })

  test('a file that ends too early', async () => {
    writeFileSync(at('cut.safetensors'), readFileSync(whole).subarray(0, -100))
    expect(await refusal({ reference: at('cut.safetensors') })).toBeInstanceOf(InvalidWeightsError)
  })
})
