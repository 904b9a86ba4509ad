import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { InvalidOptionError, InvalidWeightsError } from '../../lib/errors.js'
import { type SaveStatisticsOptions, saveStatistics } from '../../lib/score/save-statistics.js'
import { score } from '../../lib/score/score.js'
import { readSafetensors, readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { narrowWeights, scratch, writeSounds } from './fixture.js'
import { writeSealed } from './sealed.js'

const work = scratch()
const at = (name: string) => join(work.path, name)
let generated: string
let reference: string
let how: Omit<SaveStatisticsOptions, 'audio' | 'output'>

beforeAll(async () => {
  generated = writeSounds(work.path, 'generated', 11)
  reference = writeSounds(work.path, 'reference', 11, 1.3)
  how = { ...narrowWeights(), device: 'cpu', cacheDir: at('cache') }
  await saveStatistics({ ...how, audio: reference, output: at('whole.safetensors') })
})
afterAll(work.remove)

const distances = async (against: ScoreReference) => {
  const { metrics } = await score({ ...how, generated, reference: against, metrics: ['fd', 'fad'] })
  return [metrics.fd, metrics.fad] as [number, number]
}
type ScoreReference = string | string[]

function expectSame(a: number[], b: number[]): void {
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i]) / Math.abs(b[i])).toBeLessThan(1e-9)
  })
}

test('saved statistics stand for their sounds', async () => {
  expectSame(await distances(at('whole.safetensors')), await distances(reference))
  const both = await score({ ...how, generated: at('whole.safetensors'), reference })
  expect(both.metrics.fd as number).toBeLessThan(1e-6)
  const saved = [{ path: at('whole.safetensors'), clips: 11 }]
  expect(both.generated).toEqual({ ...both.reference, saved })
})

test('shards merged equal the whole', async () => {
  const parts = []
  for (const index of [0, 1, 2]) {
    const output = at(`part${index}.safetensors`)
    const part = await saveStatistics({
      ...how,
      audio: reference,
      output,
      shard: { index, count: 3 },
    })
    expect(part.count).toBe(index === 2 ? 3 : 4)
    parts.push(output)
  }
  const merged = await saveStatistics({ audio: parts, output: at('merged.safetensors') })
  expect(merged.count).toBe(11)
  expect(Object.keys(merged.backbones)).toEqual(['cnn14-16k', 'vggish'])
  const wanted = await distances(reference)
  expectSame(await distances(at('merged.safetensors')), wanted)
  expectSame(await distances(parts), wanted)
})

test('score saves the statistics of its reference', async () => {
  const saveStatistics = at('from-score.safetensors')
  await score({ ...how, generated, reference, metrics: ['is'], saveStatistics })
  expectSame(await distances(saveStatistics), await distances(reference))
})

test('statistics of another protocol are refused, field by field', async () => {
  const wrong = score({
    ...how,
    ...{ generated, reference: at('whole.safetensors'), metrics: ['fd'] },
    ...{ mono: 'mean', resampler: 'kaiser-fast' },
  })
  const error = (await wrong.then(undefined, (e) => e)) as InvalidOptionError
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect(error.option).toBe('reference')
  expect(error.message).toContain('mono: first-channel, not mean')
  expect(error.message).toContain('resampler.lowpassFilterWidth: 6, not 16')
  const output = at('mixed.safetensors')
  const other = await saveStatistics({ ...how, audio: reference, output, mono: 'mean' })
  const mixed = saveStatistics({
    audio: [other.path, at('whole.safetensors')],
    output: at('no.safetensors'),
  })
  await expect(mixed).rejects.toThrow('mono: first-channel, not mean')
})

test('damaged statistics are refused', async () => {
  const path = at('whole.safetensors')
  const tensors = await readSafetensors(path)
  const metadata = Object.fromEntries(await readSafetensorsMetadata(path))
  const refusal = async (file: string): Promise<Error> => {
    const job = score({ ...how, generated, reference: file, metrics: ['fd'] })
    return (await job.then(undefined, (error) => error)) as Error
  }

  writeFileSync(at('cut.safetensors'), readFileSync(path).subarray(0, -100))
  expect(await refusal(at('cut.safetensors'))).toBeInstanceOf(InvalidWeightsError)

  const mean = (await readTensor(tensors.get('cnn14-16k.mean') as never)) as Float64Array
  const bad = async (name: string, data: Float64Array, meta = metadata) => {
    const shape = [data.length]
    const entries = new Map<string, never>([...tensors] as [string, never][])
    entries.set('cnn14-16k.mean', { dtype: 'float64', shape, data } as never)
    await writeSealed(at(name), entries, meta)
    return refusal(at(name))
  }
  expect(
    (
      await bad(
        'nan.safetensors',
        mean.map(() => Number.NaN),
      )
    ).message,
  ).toContain('not finite')
  expect((await bad('short.safetensors', mean.slice(1))).message).toContain('damaged statistics')
  const empty = await bad('empty.safetensors', mean, { ...metadata, content: '{"clips": -1}' })
  expect(empty.message).toContain("wrong at 'clips'")
  const foreign = await bad('foreign.safetensors', mean, { format: 'pt' })
  expect(foreign.message).toContain('holds no saved statistics')
})

test('what cannot be saved is said before the work', async () => {
  const refused = (options: object) =>
    saveStatistics({ ...how, audio: reference, output: at('x.safetensors'), ...options })
  expect(() => refused({ output: at('x.npz') })).toThrow('ends in .safetensors')
  expect(() => refused({ shard: { index: 2, count: 2 } })).toThrow('counts from 0 to 1')
  await expect(refused({ shard: { index: 30, count: 31 } })).rejects.toThrow('has no clip')
  await expect(refused({ output: at('absent/x.safetensors') })).rejects.toThrow(
    'folder does not exist',
  )
  const whole = at('whole.safetensors')
  await expect(refused({ audio: [whole, whole] })).rejects.toThrow('given twice')
  const backbone = 'cnn14-32k' // of which there is no small one
  const unweighted = saveStatistics({ audio: reference, output: at('x.safetensors'), backbone })
  await expect(unweighted).rejects.toThrow('panns: no weights of cnn14-32k are given')
})
