/** Trainers that are given what they should not be, and tensors that other jobs made. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import { loadModel } from '../../lib/model/model.js'
import type { NativeTensor, NativeTrainer, NativeTrainingData } from '../../lib/native/binding.js'
import { runNative } from '../../lib/native/run.js'
import { Trainer } from '../../lib/native/trainer.js'
import { tinyModel } from '../models'
import { core, makeData, native, normal, readTiny, specOf } from '../training/setup.js'

// biome-ignore lint/suspicious/noExplicitAny: called by someone who ignores its types.
type Any = any

const nothing = () => {}
const zeros = (...shape: number[]) =>
  core.NativeTensor.from(new Float32Array(shape.reduce((product, n) => product * n, 1)), shape)

let folder: ModelFolder
let trainer: NativeTrainer
const { data, dispose } = makeData(4)

/** A trainer and how loading it ended: '' or a code and a message. */
function load(change: object): Promise<[NativeTrainer, string]> {
  return new Promise((resolve) => {
    const made = new core.NativeTrainer({ ...specOf(folder), ...change }, (error) =>
      resolve([made, error ? `${error.code}: ${error.message}` : '']),
    )
  })
}

const disposed = (made: NativeTrainer) => new Promise<void>((done) => made.dispose(done))

beforeAll(async () => {
  folder = await readTiny()
  let error: string
  ;[trainer, error] = await load({})
  expect(error).toBe('')
})
afterAll(async () => {
  dispose()
  await disposed(trainer)
})

describe('a spec', () => {
  test.each<[string, (good: Any) => unknown, string]>([
    ['none', () => undefined, 'spec is not an object'],
    ['no threads', (s) => ({ ...s, threads: 0 }), 'threads is not 1 to 1024'],
    ['no files', (s) => ({ ...s, files: undefined }), 'files is not an array'],
    ['no UNet', (s) => ({ ...s, unet: null }), 'unet is not an object'],
    ['an init', (s) => ({ ...s, init: 'zeros' }), 'init is not pretrained or scratch'],
    [
      'a precision',
      (s) => ({ ...s, precision: 'float16' }),
      'precision is not float32 or bfloat16',
    ],
    ['ᾱ', (s) => ({ ...s, alphasCumprod: [0.5] }), 'alphasCumprod is not a Float64Array'],
    ['a seed', (s) => ({ ...s, seed: 7 }), 'seed is not a bigint'],
    ['a large seed', (s) => ({ ...s, seed: 2n ** 64n }), 'seed is not from 0'],
    ['no batch', (s) => ({ ...s, batchSize: 0 }), 'batchSize is not 1 to'],
    ['a large batch', (s) => ({ ...s, batchSize: 2 ** 40 }), 'batchSize is not 1 to'],
    ['half a pass', (s) => ({ ...s, accumulate: 0.5 }), 'accumulate is not a whole number'],
    ['a rate', (s) => ({ ...s, learningRate: '1' }), 'learningRate is not a number'],
    ['a warm-up', (s) => ({ ...s, warmupSteps: -1 }), 'warmupSteps is not 0 or more'],
    ['a schedule', (s) => ({ ...s, schedule: 'linear' }), 'schedule is not constant or cosine'],
    ['one beta', (s) => ({ ...s, betas: [0.9] }), 'betas is not a number'],
    ['adapters', (s) => ({ ...s, lora: 4 }), 'lora is not an object'],
    ['no rank', (s) => ({ ...s, lora: { rank: 0 } }), 'rank is not 1 to'],
    ['layers', (s) => ({ ...s, lora: { rank: 1, alpha: 1, modules: [1] } }), 'modules is not an'],
    ['a state', (s) => ({ ...s, state: 'saved' }), 'state is not an array'],
    [
      'weights of a state',
      (s) => ({ ...s, state: [null] }),
      'an entry of weights is not an object',
    ],
  ])('%s', (_, change, message) => {
    expect(() => new (core.NativeTrainer as Any)(change(specOf(folder)), nothing)).toThrow(message)
  })

  test('without a callback, or called as a function', () => {
    expect(() => new (core.NativeTrainer as Any)(specOf(folder))).toThrow('onLoaded is not a func')
    expect(() => (core.NativeTrainer as Any)(specOf(folder), nothing)).toThrow(/new/)
  })

  const lora = { rank: 1, alpha: 1, modules: ['class_embedding'] }
  test.each<[string, object, RegExp]>([
    ['a device', { device: 'cuda:99' }, /cuda:99/],
    ['a file', { files: ['/no/such/file'] }, /\/no\/such\/file/],
    ['too few files', { files: [] }, /not given/],
    ['no weights', { unet: { archive: 'x', attributes: {}, weights: [] } }, /x/],
    ['a probability', { textProbability: 1.5 }, /probabilities from 0 to 1/],
    ['a dropout', { conditionDropout: Number.NaN }, /probabilities from 0 to 1/],
    ['no ᾱ', { alphasCumprod: new Float64Array() }, /alphasCumprod/],
    ['ᾱ above 1', { alphasCumprod: Float64Array.of(2) }, /alphasCumprod/],
    ['an infinite rate', { learningRate: Number.POSITIVE_INFINITY }, /learning rate/],
    ['betas', { betas: [1, 1] }, /betas/],
    ['samples', { batchSize: 2 ** 30, accumulate: 2 ** 30 }, /samples in a step/],
    ['a layer', { lora: { ...lora, modules: ['no.such'] } }, /'no\.such' is no linear layer/],
    ['a convolution', { lora: { ...lora, modules: ['conv_in'] } }, /'conv_in' is no linear layer/],
    [
      'a layer twice',
      { lora: { ...lora, modules: ['class_embedding', 'class_embedding'] } },
      /twi/,
    ],
    ['a rank', { lora: { ...lora, rank: 2 ** 31 - 1 } }, /rank/],
    ['an empty state', { state: [] }, /'counters' is missing/],
  ])('does not load: %s', async (_, change, message) => {
    const [made, error] = await load(change)
    expect(error).toMatch(message)
    expect(error).not.toContain('frame #')
    expect([made.trainable, made.step]).toEqual([[], 0])
    // Not loaded, and still no crash.
    await expect(runNative((onEvent) => made.train(data, 1, onEvent), undefined)).rejects.toThrow(
      'The trainer is not loaded.',
    )
    await disposed(made)
    expect(() => made.train(data, 1, nothing)).toThrow('this trainer was disposed')
  })
})

describe('data', () => {
  test.each<[string, Any, string]>([
    ['none', undefined, 'data is not an object'],
    ['no moments', { moments: null }, 'expected a NativeTensor'],
    ['rows', { momentsRow: [0] }, 'momentsRow is not an Int32Array'],
    ['other rows', { audioRow: new Float64Array(4) }, 'audioRow is not an Int32Array'],
    ['no empty prompt', { unconditional: undefined }, 'expected a NativeTensor'],
    ['text', { text: new Float32Array(512) }, 'expected a NativeTensor'],
  ])('%s', (_, change, message) => {
    const bad = change && { ...data, ...change }
    expect(() => trainer.train(bad, 1, nothing)).toThrow(message)
    expect(() => trainer.inspect(bad, { step: 0, gradients: false }, nothing)).toThrow(message)
  })

  const rows = (...values: number[]) => Int32Array.from(values)
  test.each<[string, () => Partial<NativeTrainingData>, RegExp]>([
    ['no items', () => ({ momentsRow: rows(), textStart: rows(0), audioRow: rows() }), /no items/],
    ['a row too far', () => ({ momentsRow: rows(0, 1, 2, 4) }), /'momentsRow' is row 4 of 4/],
    ['a row before the first', () => ({ momentsRow: rows(0, 1, -2, 3) }), /row -2/],
    ['items without latents', () => ({ momentsRow: rows(-1, -1, -1, -1) }), /has no latents/],
    ['a text too far', () => ({ textRows: rows(0, 1, 2, 99) }), /./],
    ['a negative text', () => ({ textRows: data.textRows.map(() => -1) }), /'textRows'/],
    ['starts that fall', () => ({ textStart: rows(0, 3, 1, 4, 5) }), /'textStart'/],
    ['a start too far', () => ({ textStart: rows(0, 1, 2, 3, 2 ** 30) }), /'textStart'/],
    ['too few starts', () => ({ textStart: rows(0, 1) }), /'textStart' has 2 entries/],
    ['a sound too far', () => ({ audioRow: rows(0, 1, 2, 7) }), /'audioRow' is row 7/],
    ['other latents', () => ({ moments: zeros(4, 14, 8, 16) }), /'moments' is \[4, 14, 8, 16\]/],
    ['flat latents', () => ({ moments: zeros(4, 16) }), /'moments' is \[4, 16\]/],
    ['empty latents', () => ({ moments: zeros(4, 16, 0, 16) }), /'moments' is/],
    ['narrow text', () => ({ text: zeros(20, 3) }), /'text' is \[20, 3\]/],
    ['narrow sounds', () => ({ audio: zeros(4, 511) }), /'audio' is \[4, 511\]/],
    ['an empty prompt of rows', () => ({ unconditional: zeros(1, 512) }), /'unconditional'/],
    ['wide numbers', () => ({ moments: data.moments.to('float64', null) }), /not float32/],
  ])('ends in an error and changes nothing: %s', async (_, change, message) => {
    const before = trainer.step
    const changed = change()
    const bad = { ...data, ...changed }
    const training = runNative((onEvent) => trainer.train(bad, before + 1, onEvent), undefined)
    await expect(training).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    await expect(training).rejects.toThrow(message)
    expect(trainer.step).toBe(before)
    const request = { items: rows(0), draws: 1, seed: 1n, ema: true }
    const end = await runNative(
      (onEvent) => trainer.validate(bad, request, onEvent),
      undefined,
    ).catch((error: Error) => error)
    expect(String(end)).not.toContain('frame #')
    for (const one of Object.values(changed)) {
      if (one instanceof (core.NativeTensor as Any)) (one as NativeTensor).dispose()
    }
  })

  test('requests', async () => {
    const { inspect, validate, save, itemsOf } = trainer as Any
    const call =
      (method: Any, ...args: unknown[]) =>
      () =>
        method.apply(trainer, args)
    expect(call(inspect, data, {}, nothing)).toThrow('step is not a number')
    expect(call(inspect, data, { step: -1, gradients: true }, nothing)).toThrow('step is not 0')
    expect(call(inspect, data, { step: 0 }, nothing)).toThrow('gradients is not a boolean')
    const request = { items: rows(0), draws: 1, seed: 1n, ema: true }
    for (const [change, message] of [
      [{ items: [0] }, 'items is not an Int32Array'],
      [{ draws: 0 }, 'draws is not 1 to'],
      [{ seed: 1 }, 'seed is not a bigint'],
      [{ ema: 1 }, 'ema is not a boolean'],
    ] as const) {
      expect(call(validate, data, { ...request, ...change }, nothing)).toThrow(message)
    }
    expect(call(save, 7, [], {}, nothing)).toThrow('path is not a string')
    expect(call(save, '/x', [{}], {}, nothing)).toThrow('name is not a string')
    expect(call(save, '/x', [], { a: 1 }, nothing)).toThrow('a is not a string')
    expect(call(itemsOf, 0, 0)).toThrow(/items/)
    expect(call(itemsOf, -1, 4)).toThrow(/./)
    expect(call(itemsOf, 0, 2 ** 31)).toThrow(/items/)
    for (const bad of [
      { ...request, draws: 2 ** 31 - 1 },
      { ...request, items: rows(-1) },
      { ...request, items: rows(4) },
    ]) {
      const validating = runNative((onEvent) => trainer.validate(data, bad, onEvent), undefined)
      await expect(validating).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    }
    const far = { step: 2 ** 52, gradients: false }
    const inspecting = runNative((onEvent) => trainer.inspect(data, far, onEvent), undefined)
    await inspecting.then(
      ({ tensors }) => {
        for (const tensor of tensors) tensor.dispose()
      },
      (error) => expect(error).toMatchObject({ code: 'ENGINE_FAILED' }),
    )
  })
})

test('what a model gives is trained on as it is', async () => {
  const model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  const { hop, vaeFactor } = model.folder.geometry
  const waveforms = core.NativeTensor.from(normal(1, 32 * hop * vaeFactor, 0.1), [
    2,
    16 * hop * vaeFactor,
  ])
  const { tensors } = await runNative(
    (onEvent) => model.native.encodeAudio(waveforms, { seeds: null, moments: true }, onEvent),
    undefined,
  )
  const texts = await model.embedText(['rain', 'a dog'])
  const made = await Trainer.load(native, specOf(folder, { conditionDropout: 0.5 }))
  const steps: number[] = []
  await made.train(
    {
      moments: tensors[0],
      momentsRow: Int32Array.of(0, 1),
      text: texts.native,
      textRows: Int32Array.of(0, 1),
      textStart: Int32Array.of(0, 1, 2),
      audio: null,
      audioRow: Int32Array.of(-1, -1),
      unconditional: data.unconditional,
    },
    4,
    ({ step, skipped }) => {
      expect(skipped).toBe(false)
      steps.push(step)
    },
  )
  expect(steps).toEqual([1, 2, 3, 4])
  await made.dispose()
  for (const one of [waveforms, ...tensors, texts]) one.dispose()
  await model.dispose()
})
