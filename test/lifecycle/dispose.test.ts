import { expect, test } from 'vitest'
import { DisposedError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel } from '../../lib/model/model.js'
import { loadNative } from '../../lib/native/load.js'
import { tinyModel } from '../models'
import { settledTensorBytes } from './settled.js'

const load = () => loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
const short = { prompt: 'a dog', seed: 1, durationSeconds: 0.2, steps: 2 }

test('stops what runs and what waits, with a DisposedError for each', async () => {
  const model = await load()
  const running = generate(model, { ...short, durationSeconds: 10, steps: 1000 })
  const outcomes: Promise<unknown>[] = [running.then()]
  let steps = 0
  const reading = async () => {
    for await (const event of running) {
      if (event.type === 'step') steps = event.step
      if (steps === 1) outcomes.push(generate(model, short).then(), model.embedText('a dog'))
      if (steps === 2) model.dispose()
    }
  }
  await expect(reading()).rejects.toBeInstanceOf(DisposedError)
  expect(steps).toBeLessThan(5)
  const settled = await Promise.allSettled(outcomes)
  expect(settled).toHaveLength(3)
  for (const outcome of settled) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DISPOSED' } })
  }
  await model.dispose()
})

test('a job that was started in the same moment is refused, not lost', async () => {
  const model = await load()
  const job = generate(model, short)
  const disposed = model.dispose()
  await expect(job.then()).rejects.toMatchObject({ code: 'DISPOSED' })
  await disposed
})

test('a job of many clips ends when its model goes between two of them', async () => {
  const model = await load()
  const job = generate(model, { ...short, durationSeconds: 0.05, steps: 1, count: 1000 })
  const reading = async () => {
    for await (const event of job) if (event.type === 'clip' && event.index === 1) model.dispose()
  }
  await expect(reading()).rejects.toMatchObject({ code: 'DISPOSED' })
})

test('may be called any number of times, in every form', async () => {
  const model = await load()
  expect(model.disposed).toBe(false)
  const all = [model.dispose(), model.dispose(), model[Symbol.asyncDispose]()]
  expect(model.disposed).toBe(true)
  await Promise.all(all)
  await model.dispose()
})

test('use afterwards is a DisposedError; what was made before lives on', async () => {
  const model = await load()
  const { audio } = await generate(model, short)
  const text = await model.embedText('a dog')
  await model.dispose()
  expect(() => generate(model, short)).toThrow(DisposedError)
  await expect(model.embedText('a dog')).rejects.toBeInstanceOf(DisposedError)
  await expect(model.decodeLatents(text)).rejects.toMatchObject({ name: expect.any(String) })
  expect(await audio[0].toFloat32Array()).toHaveLength(3200)
  expect(text.shape).toEqual([1, 512])
  audio[0].dispose()
  await expect(audio[0].toWav()).rejects.toBeInstanceOf(DisposedError)
  text.dispose()
})

test('frees every tensor the model handed out in events', async () => {
  const { core } = loadNative()
  const before = await settledTensorBytes()
  const model = await load()
  const job = generate(model, { ...short, steps: 8, stepLatents: true, chunkSeconds: 0.1 })
  const types = new Set<string>()
  for await (const event of job) {
    types.add(event.type)
    if (event.type === 'step') expect(event.latents?.shape).toEqual([1, 8, 5, 16])
  }
  expect([...types].sort()).toEqual(['audio', 'clip', 'step'])
  expect(core.liveTensorBytes() - before).toBe(3200 * 4)
  for (const clip of (await job).audio) clip.dispose()
  expect(core.liveTensorBytes()).toBe(before)
  await model.dispose()
})
