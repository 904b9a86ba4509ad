import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../lib/errors.js'
import { type GenerateOptions, generate } from '../../lib/generate/generate.js'
import { type LoadModelOptions, loadModel, type Model } from '../../lib/model/model.js'
import { tinyModel } from '../models'
import { copyModel, scratchFolder } from './model-copy.js'

const options = { device: 'cpu', dtype: 'float32', threads: 1 } as const
const scratch = scratchFolder()

let model: Model
beforeAll(async () => {
  model = await loadModel(tinyModel, options)
})
afterAll(() => model?.dispose())

/** As someone who ignores the types would call it. */
type Wrong = Record<string, unknown>

describe('generate refuses at once, naming the option', () => {
  test.each<[option: string, wrong: Wrong, message: string]>([
    [
      'prompt',
      { prompt: undefined },
      'expected a text, or audioPrompt, mix or init in its place, got undefined',
    ],
    ['prompt', { prompt: [] }, 'the list of prompts is empty'],
    ['prompt', { prompt: 7 }, 'expected a text or clip options, got 7'],
    [
      'prompt',
      { prompt: {} },
      'expected a text, or audioPrompt, mix or init in its place, got undefined',
    ],
    ['prompt[1]', { prompt: ['a dog', null] }, 'expected a text or clip options, got null'],
    ['prompt[1].steps', { prompt: ['a', { prompt: 'b', steps: 0 }] }, '1 to 1000, got 0'],
    ['prompt[0].loud', { prompt: [{ prompt: 'a', loud: true }] }, 'there is no such option'],
    ['durationSeconds', { durationSeconds: 0 }, 'from 0.01 to 300 seconds, got 0'],
    ['durationSeconds', { durationSeconds: 10_000 }, 'from 0.01 to 300 seconds, got 10000'],
    ['durationSeconds', { durationSeconds: -1 }, 'got -1'],
    ['durationSeconds', { durationSeconds: Number.NaN }, 'got NaN'],
    ['durationSeconds', { durationSeconds: Number.POSITIVE_INFINITY }, 'got Infinity'],
    ['durationSeconds', { durationSeconds: '10' }, "got '10'"],
    ['steps', { steps: 0 }, 'a whole number from 1 to 1000, got 0'],
    ['steps', { steps: 1001 }, 'a whole number from 1 to 1000, got 1001'],
    ['steps', { steps: -5 }, 'got -5'],
    ['steps', { steps: 2.5 }, 'got 2.5'],
    ['steps', { steps: Number.NaN }, 'got NaN'],
    ['guidanceScale', { guidanceScale: -1 }, 'from 0 to 100, got -1'],
    ['guidanceScale', { guidanceScale: Number.NaN }, 'got NaN'],
    ['guidanceInterval', { guidanceInterval: 0.5 }, 'two numbers, [from, to], got 0.5'],
    ['guidanceInterval', { guidanceInterval: [0.8, 0.2] }, 'the first number is not below'],
    ['guidanceInterval[1]', { guidanceInterval: [0, 2] }, 'from 0 to 1, got 2'],
    ['featureCache', { featureCache: 0 }, 'from 1 to 10, got 0'],
    ['featureCache', { featureCache: 1.5 }, 'got 1.5'],
    ['eta', { eta: -0.5, scheduler: 'ddim' }, 'from 0 to 1, got -0.5'],
    ['eta', { eta: Number.NaN, scheduler: 'ddim' }, 'got NaN'],
    ['eta', { eta: 1 }, 'applies to ddim only'],
    ['karras', { karras: true, scheduler: 'ddim' }, 'does not apply to ddim'],
    ['karras', { karras: 'yes' }, 'expected true or false'],
    ['scheduler', { scheduler: 'plms' }, "dpmpp-2m, ddim, euler or euler-a, got 'plms'"],
    ['negativePrompt', { negativePrompt: 5 }, 'expected a text, got 5'],
    ['seed', { seed: -1 }, 'from 0 to 2^53'],
    ['seed', { seed: 1.5 }, 'from 0 to 2^53'],
    ['seed', { seed: Number.NaN }, 'from 0 to 2^53'],
    ['seed', { seed: 2n ** 64n }, '2^64'],
    ['seed', { seed: 2n ** 64n - 1n, count: 2 }, 'past 2^64'],
    ['count', { count: 0 }, 'from 1 to 1000, got 0'],
    ['count', { count: 1001 }, 'got 1001'],
    ['batchSize', { batchSize: Number.NaN }, 'got NaN'],
    ['batchSize', { batchSize: 65 }, 'from 1 to 64, got 65'],
    ['chunkSeconds', { chunkSeconds: 0 }, 'from 0.1 to 60 seconds, got 0'],
    ['stepLatents', { stepLatents: 1 }, 'expected true or false, got 1'],
    ['signal', { signal: {} }, 'expected an AbortSignal, got an object'],
    ['durationInSeconds', { durationInSeconds: 5 }, 'there is no such option'],
  ])('%s: %o', (option, wrong, message) => {
    const call = () => generate(model, { prompt: 'a dog', ...wrong } as unknown as GenerateOptions)
    expect(call).toThrow(InvalidOptionError)
    expect(call).toThrow(message)
    try {
      call()
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_OPTION', option })
      expect((error as Error).message.startsWith(`${option}: `)).toBe(true)
    }
  })

  test.each([[undefined], [null], ['a dog'], [[]]])('options that are %o', (wrong) => {
    const call = () => generate(model, wrong as unknown as GenerateOptions)
    expect(call).toThrow(InvalidOptionError)
  })

  test('a prompt of a million characters and one', () => {
    const call = () => generate(model, { prompt: 'a'.repeat(1_000_001) })
    expect(call).toThrow('prompt: is longer than 1000000 characters')
  })

  test('something else than a model', () => {
    expect(() => generate({} as Model, { prompt: 'a dog' })).toThrow('model: expected a model')
  })

  test('more steps than the model was trained on', async () => {
    const small = await loadModel(
      copyModel(scratch, (copy) =>
        copy.configure('scheduler/scheduler_config.json', { num_train_timesteps: 50 }),
      ),
      options,
    )
    const call = (steps: number) => generate(small, { prompt: 'a', steps, durationSeconds: 0.1 })
    expect(() => call(51)).toThrow('steps: this model was trained on 50 steps')
    const { audio } = await call(50)
    expect(audio[0].durationSeconds).toBeCloseTo(0.1, 3)
    audio[0].dispose()
    await small.dispose()
  })
})

test('a prompt of 10,000 characters is cut at 512 tokens, with a warning', async () => {
  const prompt = 'thunder '.repeat(1250)
  expect(prompt).toHaveLength(10_000)
  const job = generate(model, {
    prompt: ['short', prompt],
    steps: 1,
    durationSeconds: 0.1,
    seed: 5,
  })
  const warnings: [number, string][] = []
  for await (const event of job) {
    if (event.type === 'warning') warnings.push([event.index, event.message])
  }
  expect(warnings).toHaveLength(1)
  expect(warnings[0][0]).toBe(1)
  expect(warnings[0][1]).toMatch(
    /^the prompt has \d{4,} tokens; what is past the first 512 was ignored$/,
  )
  const { audio } = await job
  for (const clip of audio) expect(await clip.toFloat32Array()).toHaveLength(1600)
  for (const clip of audio) clip.dispose()
})

describe('loadModel refuses at once, naming the option', () => {
  test.each<[option: string, wrong: Wrong, message: string]>([
    ['device', { device: 'gpu' }, "expected auto, cpu, cuda or cuda:N, got 'gpu'"],
    ['device', { device: 0 }, 'expected auto, cpu, cuda or cuda:N, got 0'],
    ['dtype', { dtype: 'int8' }, "float32, bfloat16 or float16, got 'int8'"],
    ['dtype', { dtype: 'float16' }, 'float16 is for CUDA devices'],
    ['threads', { threads: 0 }, 'from 1 to 1024, got 0'],
    ['threads', { threads: Number.NaN }, 'got NaN'],
    ['threads', { threads: 1025 }, 'got 1025'],
    ['libtorchPath', { libtorchPath: 5 }, 'expected a folder, got 5'],
    ['signal', { signal: 'now' }, "expected an AbortSignal, got 'now'"],
    ['onProgress', { onProgress: 'yes' }, "expected a function, got 'yes'"],
    ['speed', { speed: 'fast' }, 'there is no such option'],
  ])('%s: %o', async (option, wrong, message) => {
    const loading = loadModel(tinyModel, { device: 'cpu', ...wrong } as LoadModelOptions)
    const error = await loading.then(undefined, (thrown) => thrown)
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option })
    expect(error.message).toContain(message)
  })

  test.each([[''], [7], [null]])('the source %o', async (source) => {
    const error = await loadModel(source as string).then(undefined, (thrown) => thrown)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'source' })
  })
})

describe('embedText and decodeLatents', () => {
  test.each([[[]], [[1]], [undefined], [7]])('prompts %o', async (prompts) => {
    await expect(model.embedText(prompts as unknown as string[])).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      option: 'prompts',
    })
  })

  test('latents of another shape', async () => {
    const text = await model.embedText('a dog')
    await expect(model.decodeLatents(text)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'latents: expected [clips, 8, frames, 16], got [1, 512]',
    })
    text.dispose()
    await expect(model.decodeLatents({} as never)).rejects.toMatchObject({ option: 'latents' })
  })

  test('mel spectrograms of another shape', async () => {
    const text = await model.embedText('a dog')
    await expect(model.vocode(text)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'mels: expected [clips, frames, 64], got [1, 512]',
    })
    text.dispose()
    await expect(model.vocode({} as never)).rejects.toMatchObject({ option: 'mels' })
    await expect(model.melSpectrogram('/no/such.wav')).rejects.toMatchObject({
      code: 'INVALID_AUDIO',
    })
  })
})
