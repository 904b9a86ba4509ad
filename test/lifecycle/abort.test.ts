import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AbortError } from '../../lib/errors.js'
import { type GenerateEvent, type GenerateOptions, generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { loadNative } from '../../lib/native/load.js'
import { tinyModel } from '../models'
import { settledTensorBytes } from './settled.js'

const options = { device: 'cpu', dtype: 'float32', threads: 1 } as const
const reason = new Error('heard enough')

let model: Model
beforeAll(async () => {
  model = await loadModel(tinyModel, options)
})
afterAll(() => model?.dispose())

/** Generates, calls `stop` at the first event that `when` likes, and tells what came after. */
async function abortAt(
  wanted: Partial<GenerateOptions>,
  by: 'abort()' | 'signal',
  when: (event: GenerateEvent) => boolean,
) {
  const controller = new AbortController()
  const job = generate(model, { prompt: 'a dog', seed: 1, ...wanted, signal: controller.signal })
  const after: GenerateEvent[] = []
  let aborted: GenerateEvent | undefined
  let at = 0
  let error: unknown
  try {
    for await (const event of job) {
      if (aborted) after.push(event)
      else if (when(event)) {
        aborted = event
        at = performance.now()
        if (by === 'signal') controller.abort(reason)
        else job.abort(reason)
      }
    }
  } catch (thrown) {
    error = thrown
  }
  const waitedMs = performance.now() - at
  expect(error).toBeInstanceOf(AbortError)
  expect(error).toMatchObject({ code: 'ABORTED', cause: reason })
  return { aborted, after, waitedMs }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]

describe('an abort', () => {
  test.each(['abort()', 'signal'] as const)('by %s takes effect within one step', async (by) => {
    // Long clips make steps long enough to count.
    const long = { durationSeconds: 20, steps: 5 }
    const { timings } = await generate(model, { prompt: 'a dog', seed: 1, ...long })
    const stepMs = median(timings.stepMs)
    const { aborted, after, waitedMs } = await abortAt(
      { ...long, steps: 500 },
      by,
      (event) => event.type === 'step' && event.step >= 3,
    )
    const at = aborted?.type === 'step' ? aborted.step : Number.NaN
    const later = after.map((event) => (event.type === 'step' ? event.step : event.type))
    console.log(
      `abort by ${by} at step ${at}: ${waitedMs.toFixed(0)} ms to the rejection, ` +
        `${stepMs.toFixed(0)} ms a step; then came ${later.join(', ') || 'nothing'}`,
    )
    expect(at).toBeLessThan(20)
    // The step that runs may still be told of; none is begun.
    for (const step of later) expect(step).toBe(at + 1)
    expect(waitedMs).toBeLessThan(5 * stepMs + 1000)
  })

  test('takes effect while the vocoder runs', async () => {
    const wanted = { durationSeconds: 60, steps: 1, chunkSeconds: 0.25 }
    const { after } = await abortAt(wanted, 'signal', (event) => event.type === 'audio')
    const windows = after.filter((event) => event.type === 'audio').length
    console.log(`abort while vocoding: ${windows} of 239 windows came after it`)
    expect(windows).toBeLessThan(60)
    expect(after.some((event) => event.type === 'clip')).toBe(false)
  })

  test('between the clips of a job leaves the finished ones to who took them', async () => {
    const wanted = { durationSeconds: 0.2, steps: 2, count: 50 }
    const { aborted, after } = await abortAt(wanted, 'signal', (event) => event.type === 'clip')
    expect(after.filter((event) => event.type === 'clip').length).toBeLessThan(40)
    if (aborted?.type !== 'clip') throw new Error('no clip')
    expect(await aborted.audio.toFloat32Array()).toHaveLength(3200)
    aborted.audio.dispose()
  })

  test('before the start means that nothing runs', async () => {
    const job = generate(model, { prompt: 'a dog', steps: 1000, signal: AbortSignal.abort(reason) })
    const seen: GenerateEvent[] = []
    const reading = async () => {
      for await (const event of job) seen.push(event)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    expect(seen).toEqual([])
    const second = generate(model, { prompt: 'a dog', steps: 1000 })
    second.abort(reason)
    await expect(second.then()).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
  })

  test('does not reach the jobs beside it, and frees what it held', async () => {
    const before = await settledTensorBytes()
    const short = { prompt: 'a dog', seed: 3, durationSeconds: 0.5, steps: 2 }
    const [first, second, third] = [0, 1, 2].map(() => generate(model, short))
    second.abort()
    const results = await Promise.allSettled([first, second, third])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    for (const result of results) {
      if (result.status === 'fulfilled') for (const clip of result.value.audio) clip.dispose()
    }
    expect(await settledTensorBytes()).toBe(before)
  })

  test('ends embedText, decodeLatents and vocode too', async () => {
    const signal = AbortSignal.abort(reason)
    await expect(model.embedText('a dog', { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    const { core } = loadNative()
    const { latentChannels, latentBins } = model.folder.geometry
    const shape = [1, latentChannels, 8, latentBins]
    const size = shape.reduce((a, b) => a * b)
    const { Tensor } = await import('../../lib/tensor.js')
    const latents = new Tensor(core.NativeTensor.from(new Float32Array(size), shape))
    const aborted = model.decodeLatents(latents, { signal })
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    const [audio] = await model.decodeLatents(latents)
    expect(audio.durationSeconds).toBeCloseTo(8 * 0.04, 5)
    audio.dispose()
    latents.dispose()
    const mels = new Tensor(core.NativeTensor.from(new Float32Array(8 * 64), [1, 8, 64]))
    await expect(model.vocode(mels, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    mels.dispose()
  })
})

describe('an abort of loadModel', () => {
  const stages = ['files', 'libtorch', 'weights', 'ready'] as const

  test('before the start', async () => {
    const loading = loadModel(tinyModel, { ...options, signal: AbortSignal.abort(reason) })
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
  })

  test.each(stages)('at the stage %s', async (at) => {
    const controller = new AbortController()
    const seen: string[] = []
    const loading = loadModel(tinyModel, {
      ...options,
      signal: controller.signal,
      onProgress: ({ stage }) => {
        seen.push(stage)
        if (stage === at) controller.abort(reason)
      },
    })
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    expect(seen).toEqual(stages.slice(0, stages.indexOf(at) + 1))
  })

  test('while the engine loads the parts', async () => {
    const controller = new AbortController()
    const loading = loadModel(tinyModel, {
      ...options,
      signal: controller.signal,
      onProgress: ({ stage }) => {
        if (stage === 'weights') setImmediate(() => controller.abort(reason))
      },
    })
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
  })

  test('and a progress callback that throws: its own error comes out', async () => {
    const mine = new Error('mine')
    const loading = loadModel(tinyModel, {
      ...options,
      onProgress: ({ stage }) => {
        if (stage === 'ready') throw mine
      },
    })
    await expect(loading).rejects.toBe(mine)
  })
})
