/** What samples are conditioned on, as the trainer tells it with `inspect`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import type { NativeTrainingData } from '../../lib/native/binding.js'
import { Trainer } from '../../lib/native/trainer.js'
import { core, makeData, native, readTiny, type SpecChange, specOf, take } from './setup.js'

const liveBefore = core.liveTensorBytes()
const items = 10
const made = makeData(items)
let folder: ModelFolder

beforeAll(async () => {
  folder = await readTiny()
})
afterAll(() => {
  made.dispose()
  expect(core.liveTensorBytes()).toBe(liveBefore)
})

const width = 512
const rowOf = (values: ArrayLike<number>, row: number) =>
  Array.from({ length: width }, (_, i) => values[row * width + i])

interface Sample {
  item: number
  kind: 'text' | 'audio' | 'dropped'
  condition: number[]
  timestep: number
}

/** Every sample of the first `steps` steps. */
async function samples(
  change: SpecChange,
  steps: number,
  data: NativeTrainingData = made.data,
): Promise<Sample[]> {
  const trainer = await Trainer.load(native, specOf(folder, { batchSize: 64, ...change }))
  const all: Sample[] = []
  for (let step = 0; step < steps; step++) {
    const inspection = await trainer.inspect(data, { step, gradients: false })
    expect(inspection.loss).toBe(undefined)
    expect(inspection.gradients).toEqual([])
    const { latents, noise } = inspection
    expect(latents.shape).toEqual([64, 8, 8, 16])
    expect(noise.shape).toEqual(latents.shape)
    latents.dispose()
    noise.dispose()
    const kinds = take(inspection.kind)
    const conditions = take(inspection.condition)
    const timesteps = take(inspection.timesteps)
    const own = take(inspection.items)
    expect(own).toEqual([...trainer.itemsOf(step, items)])
    for (const [i, item] of own.entries()) {
      const kind = (['text', 'audio', 'dropped'] as const)[kinds[i]]
      all.push({ item, kind, condition: rowOf(conditions, i), timestep: timesteps[i] })
    }
  }
  await trainer.dispose()
  return all
}

/** The caption of the item that it is conditioned on: 0 is its first. */
function captionOf({ item, condition }: Sample): number {
  const { textStart } = made.data
  for (let row = textStart[item]; row < textStart[item + 1]; row++) {
    if (rowOf(made.text, row).every((value, i) => value === condition[i])) {
      return row - textStart[item]
    }
  }
  return -1
}

const share = (all: Sample[], kind: Sample['kind']) =>
  all.filter((sample) => sample.kind === kind).length / all.length

/** Five standard deviations of a share of so many. */
const margin = (probability: number, count: number) =>
  5 * Math.sqrt((probability * (1 - probability)) / count)

describe('conditions', () => {
  test('text: each of an item’s own captions, and no sound', async () => {
    const withoutAudio = { ...made.data, audio: null, audioRow: new Int32Array(items).fill(-1) }
    const all = await samples({ textProbability: 1, conditionDropout: 0 }, 10, withoutAudio)
    expect(all.every(({ kind }) => kind === 'text')).toBe(true)
    const heard = Array.from({ length: items }, () => new Set<number>())
    for (const sample of all) heard[sample.item].add(captionOf(sample))
    for (const [item, captions] of heard.entries()) {
      expect([...captions].sort()).toEqual([0, 1, 2].slice(0, (item % 3) + 1))
    }
  })

  test('audio: each item’s own sound, and no text', async () => {
    const withoutText = {
      ...made.data,
      text: null,
      textRows: new Int32Array(),
      textStart: new Int32Array(items + 1),
    }
    const all = await samples({ textProbability: 0, conditionDropout: 0 }, 3, withoutText)
    for (const { kind, item, condition } of all) {
      expect(kind).toBe('audio')
      expect(condition).toEqual(rowOf(made.audio, item))
    }
    // Where there is text it is not looked at.
    expect(await samples({ textProbability: 0, conditionDropout: 0 }, 3)).toEqual(all)
  })

  test('mixed: as much text as was asked for', async () => {
    const all = await samples({ textProbability: 0.3, conditionDropout: 0 }, 30)
    expect(Math.abs(share(all, 'text') - 0.3)).toBeLessThan(margin(0.3, all.length))
    expect(share(all, 'dropped')).toBe(0)
    for (const sample of all) {
      if (sample.kind === 'text') expect(captionOf(sample)).toBeGreaterThanOrEqual(0)
      else expect(sample.condition).toEqual(rowOf(made.audio, sample.item))
    }
  })

  test.each([0.1, 0.5, 1])('dropout of %s: that part has the empty prompt', async (dropout) => {
    const all = await samples({ textProbability: 0.5, conditionDropout: dropout }, 30)
    expect(Math.abs(share(all, 'dropped') - dropout)).toBeLessThanOrEqual(
      margin(dropout, all.length),
    )
    const kept = all.filter(({ kind }) => kind !== 'dropped')
    if (dropout < 1) {
      expect(Math.abs(share(kept, 'text') - 0.5)).toBeLessThan(margin(0.5, kept.length))
    }
    for (const { kind, condition } of all) {
      const empty = condition.every((value, i) => value === made.unconditional[i])
      expect(empty).toBe(kind === 'dropped')
    }
  })

  test('what is needed and not there is named', async () => {
    const trainer = await Trainer.load(native, specOf(folder, { conditionDropout: 0 }))
    const audioRow = new Int32Array(items).fill(-1)
    const without = { ...made.data, text: null, textRows: new Int32Array(), audio: null, audioRow }
    without.textStart = new Int32Array(items + 1)
    await expect(trainer.inspect(without, { step: 0, gradients: false })).rejects.toThrow(
      /Item \d+ .*text/,
    )
    await trainer.dispose()
  })
})

test('timesteps are spread over the whole schedule', async () => {
  const all = await samples({}, 40)
  const tenths = new Array<number>(10).fill(0)
  for (const { timestep } of all) tenths[Math.floor(timestep / 100)]++
  for (const count of tenths) {
    expect(Math.abs(count / all.length - 0.1)).toBeLessThan(margin(0.1, all.length))
  }
})

test('an epoch takes every item once, in an order that follows from the seed', async () => {
  const trainer = await Trainer.load(native, specOf(folder, { batchSize: 3, seed: 5n }))
  const other = await Trainer.load(native, specOf(folder, { batchSize: 3, seed: 6n }))
  const order = (of: Trainer) =>
    Array.from({ length: 20 }, (_, step) => [...of.itemsOf(step, items)]).flat()
  const mine = order(trainer)
  expect(mine).not.toEqual(order(other))
  const whole = Array.from({ length: items }, (_, i) => i)
  const byNumber = (a: number, b: number) => a - b
  for (let epoch = 0; epoch < 6; epoch++) {
    expect(mine.slice(epoch * items, (epoch + 1) * items).sort(byNumber)).toEqual(whole)
  }
  expect(mine.slice(0, items)).not.toEqual(mine.slice(items, 2 * items))
  await trainer.dispose()
  await other.dispose()
})
