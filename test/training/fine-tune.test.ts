/** Whole runs: what they report, what they write, and that it is a model. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { OutputError } from '../../lib/errors.js'
import { describeFolder } from '../../lib/hub/folder.js'
import { loadModel } from '../../lib/model/model.js'
import { loadNative } from '../../lib/native/load.js'
import { fineTune } from '../../lib/training/fine-tune.js'
import { readSafetensors, readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { tinyModel } from '../models'
import { type Case, peakError, runOurs, runReference } from '../parity/reference.js'
import {
  eventsOf,
  failure,
  scratch,
  shortOptions,
  type Trained,
  train,
  writeTones,
} from './fixture.js'

const work = scratch()
const data = writeTones(work.in('data'), 8)
afterAll(() => {
  work.remove()
  // Runs and their loops have freed all they held.
  expect(loadNative({ cuda: false }).core.liveTensorBytes()).toBe(0)
})

/** So that a few steps change what is heard. */
const fast = { learningRate: 3e-3, warmupSteps: 0, emaDecay: 0.5 }

const heard: Case = {
  name: 'heard',
  scheduler: 'ddim',
  steps: 3,
  prompts: ['a tone of 220 hertz'],
  guidanceScale: 2.5,
  durationSeconds: 0.64,
  seeds: [5],
}

async function waveOf(folder: string, lora?: string): Promise<Float32Array> {
  const model = await loadModel(folder, { device: 'cpu', dtype: 'float32', threads: 1, lora })
  try {
    return (await runOurs(model, heard)).waves[0]
  } finally {
    await model.dispose()
  }
}

/** Differs from the model that training began with, and is diffusers' waveform of the folder. */
async function expectModel(checkpoint: string): Promise<void> {
  const ours = await waveOf(checkpoint)
  const { waves } = runReference(checkpoint, [heard]).get('heard') ?? { waves: [] }
  expect(peakError(ours, waves[0])).toBeLessThan(2e-4)
  expect(peakError(ours, await waveOf(tinyModel))).toBeGreaterThan(0.01)
}

describe('a run with everything', () => {
  let run: Trained
  beforeAll(async () => {
    const validation = captionedFolder(writeTones(work.in('validation'), 3))
    run = await train(
      shortOptions(work, data, 'all', {
        ...fast,
        ...{ steps: 10, checkpointEvery: 4, keepLast: 1, validation, condition: { mixed: 0.5 } },
        evaluation: { backbone: 'clap', metrics: ['fd', 'clap', 'lsd'], steps: 2, draws: 2 },
        sample: { prompts: ['rain', 'a dog'], steps: 2, every: 5, seed: 3 },
      }),
    )
  })

  test('says what it does, in order', () => {
    const types = run.events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])
    expect(types).toEqual([
      ...['preparing', 'prepared', 'evaluation', 'step', 'checkpoint', 'warning', 'evaluation'],
      ...['step', 'checkpoint', 'sample', 'step', 'checkpoint', 'evaluation', 'step'],
      ...['checkpoint', 'evaluation', 'sample'],
    ])
    expect(eventsOf(run, 'prepared')).toEqual([
      {
        type: 'prepared',
        ...{ clips: 8, validationClips: 3, captions: 8, skipped: 0, cached: 0, startStep: 0 },
        trainedParameters: expect.any(Number),
      },
    ])
    const steps = eventsOf(run, 'step')
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for (const { loss, gradientNorm, learningRate, clipsPerSecond, skipped } of steps) {
      expect(loss).toBeGreaterThan(0)
      expect(gradientNorm).toBeGreaterThan(0)
      expect(learningRate).toBe(3e-3)
      expect(clipsPerSecond).toBeGreaterThan(0)
      expect(skipped).toBe(false)
    }
    expect(steps[9].etaSeconds).toBe(0)
    expect(eventsOf(run, 'warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('has random weights: numbers of clap mean nothing'),
      expect.stringContaining('fd: 3 clips are few for 512 dimensions'),
    ])
  })

  test('judges loss and sound, and the loss falls', () => {
    const evaluations = eventsOf(run, 'evaluation')
    expect(evaluations.map(({ step }) => step)).toEqual([0, 4, 8, 10])
    expect(evaluations[0].metrics).toBe(undefined)
    for (const { metrics } of evaluations.slice(1)) {
      expect(metrics?.fd).toBeGreaterThan(0)
      expect(metrics?.lsd).toBeGreaterThan(0)
      expect(Object.keys(metrics ?? {})).toContain('clap')
    }
    const [first, , , last] = evaluations.map(({ validationLoss }) => validationLoss as number)
    expect(last).toBeLessThan(first)
    expect(run.result.final).toMatchObject({
      validationLoss: last,
      metrics: evaluations[3].metrics,
    })
  })

  test('writes what it promises, and keeps the last and the best', () => {
    const { result } = run
    expect(result.checkpoint).toBe(work.in('all', 'checkpoint-000010'))
    const best = JSON.parse(readFileSync(work.in('all', 'best.json'), 'utf8'))
    expect(result.best).toBe(work.in('all', best.checkpoint))
    const evaluations = eventsOf(run, 'evaluation').slice(1)
    const least = Math.min(...evaluations.map(({ validationLoss }) => validationLoss as number))
    expect(best.validationLoss).toBe(least)
    const kept = new Set(['checkpoint-000010', best.checkpoint])
    const names = readdirSync(work.in('all')).sort()
    expect(names).toEqual([...kept, 'best.json', 'curve.svg', 'metrics.jsonl', 'samples'].sort())
    expect(readFileSync(work.in('all', 'curve.svg'), 'utf8')).toMatch(/^<svg/)
    const samples = ['000005-00.wav', '000005-01.wav', '000010-00.wav', '000010-01.wav']
    expect(readdirSync(work.in('all', 'samples'))).toEqual(samples)
    expect(eventsOf(run, 'sample').map(({ step, prompt }) => [step, prompt])).toEqual([
      ...[
        [5, 'rain'],
        [5, 'a dog'],
      ],
      ...[
        [10, 'rain'],
        [10, 'a dog'],
      ],
    ])
  })

  test('a checkpoint is a model, here and in diffusers', async () => {
    await expectModel(run.result.checkpoint)
    const info = await describeFolder(run.result.checkpoint)
    expect(info.audioEncoder).toBe(true)
  })

  test('the parts that are not trained have not changed by one bit', () => {
    const names = [
      'vae/diffusion_pytorch_model',
      'vocoder/model',
      'text_encoder/model',
      'audio_encoder/model',
    ]
    for (const name of names) {
      const [before, after] = [tinyModel, run.result.checkpoint].map((folder) =>
        join(folder, `${name}.safetensors`),
      )
      expect(readFileSync(after).equals(readFileSync(before)), name).toBe(true)
      // On one file system they are the same files and take no space.
      const [a, b] = [statSync(before), statSync(after)]
      if (a.dev === b.dev) expect(b.ino).toBe(a.ino)
    }
  })

  test('a second run prepares nothing', async () => {
    const options = shortOptions(work, data, 'second', { condition: { mixed: 0.5 }, steps: 1 })
    const { events } = await train(options)
    const [{ cached, clips, captions }] = eventsOf({ events }, 'prepared')
    expect(cached).toBe(clips + captions + 1)
  })
})

describe('adapters', () => {
  let run: Trained
  beforeAll(async () => {
    run = await train(shortOptions(work, data, 'lora', { ...fast, lora: { rank: 3, alpha: 6 } }))
  })

  test('are saved as diffusers and peft save them', async () => {
    const file = join(run.result.checkpoint, 'adapter', 'pytorch_lora_weights.safetensors')
    const tensors = await readSafetensors(file)
    const modules = new Set(
      [...tensors.keys()].map((name) => name.replace(/\.lora_[AB]\.weight$/, '')),
    )
    expect(tensors.size).toBe(2 * modules.size)
    expect(modules).toContain('unet.class_embedding')
    expect(modules).toContain('unet.mid_block.resnets.0.time_emb_proj')
    expect(modules).toContain('unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0')
    expect(tensors.get('unet.class_embedding.lora_A.weight')?.shape).toEqual([3, 512])
    expect(tensors.get('unet.class_embedding.lora_B.weight')?.shape).toEqual([64, 3])

    const metadata = await readSafetensorsMetadata(file)
    const config = JSON.parse(metadata.get('lora_adapter_metadata') ?? '')
    expect(config).toMatchObject({ 'unet.r': 3, 'unet.lora_alpha': 6, 'unet.lora_dropout': 0 })
    expect(new Set(config['unet.target_modules'].map((name: string) => `unet.${name}`))).toEqual(
      modules,
    )
    const text = readFileSync(join(run.result.checkpoint, 'adapter', 'adapter_config.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ peft_type: 'LORA', r: 3, lora_alpha: 6 })
  })

  test('are merged in the UNet of the checkpoint, and nothing else of it has changed', async () => {
    await expectModel(run.result.checkpoint)
    const part = join('unet', 'diffusion_pytorch_model.safetensors')
    const [before, after] = await Promise.all(
      [tinyModel, run.result.checkpoint].map((folder) => floats(join(folder, part))),
    )
    const adapters = await floats(
      join(run.result.checkpoint, 'adapter', 'pytorch_lora_weights.safetensors'),
    )
    for (const [name, weight] of before) {
      const module = `unet.${name.replace(/\.weight$/, '')}`
      const down = adapters.get(`${module}.lora_A.weight`)
      const up = adapters.get(`${module}.lora_B.weight`)
      const merged = after.get(name) as Float32Array
      if (!down || !up) {
        expect(bytesOf(merged).equals(bytesOf(weight)), name).toBe(true)
        continue
      }
      const width = down.length / 3
      let largest = 0
      for (let i = 0; i < weight.length; i++) {
        const [row, column] = [Math.floor(i / width), i % width]
        let sum = 0
        for (let r = 0; r < 3; r++) sum += up[row * 3 + r] * down[r * width + column]
        largest = Math.max(largest, Math.abs(weight[i] + 2 * sum - merged[i]))
      }
      expect(largest, name).toBeLessThan(1e-6)
    }
  })

  test('loaded beside the model, they make the same sound', async () => {
    const { checkpoint } = run.result
    const applied = await waveOf(tinyModel, join(checkpoint, 'adapter'))
    expect(peakError(applied, await waveOf(checkpoint))).toBeLessThan(1e-5)
  })

  test('a model that has them is not trained on', async () => {
    const lora = join(run.result.checkpoint, 'adapter')
    const model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1, lora })
    const options = shortOptions(work, data, 'with-adapters')
    expect(() => fineTune(model, options)).toThrow('model: has adapters')
    await model.dispose()
  })

  test('train far fewer numbers', async () => {
    const [{ trainedParameters }] = eventsOf(run, 'prepared')
    const whole = (await describeFolder(tinyModel)).parts.unet.parameters
    expect(trainedParameters).toBeLessThan(whole / 10)
  })
})

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

async function floats(path: string): Promise<Map<string, Float32Array>> {
  const bytes = readFileSync(path)
  const tensors = new Map<string, Float32Array>()
  for (const [name, { offset, shape }] of await readSafetensors(path)) {
    const length = 4 * shape.reduce((product, size) => product * size, 1)
    tensors.set(
      name,
      new Float32Array(new Uint8Array(bytes.subarray(offset, offset + length)).buffer),
    )
  }
  return tensors
}

test('from scratch, the UNet begins at random and is a model', async () => {
  const { result } = await train(shortOptions(work, data, 'scratch', { ...fast, init: 'scratch' }))
  const ours = await waveOf(result.checkpoint)
  expect(ours.every(Number.isFinite)).toBe(true)
  expect(peakError(ours, await waveOf(tinyModel))).toBeGreaterThan(0.01)
})

test('a model that is loaded prepares, and stays loaded', async () => {
  const model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  rmSync(work.in('cache'), { recursive: true, force: true })
  const { result } = await train(shortOptions(work, data, 'given', { steps: 1 }), model)
  expect(existsSync(result.checkpoint)).toBe(true)
  expect((await model.embedText('still here')).shape).toEqual([1, 512])
  await model.dispose()
})

test('of a pulled model, whose files are links, a checkpoint has the files', async () => {
  const pulled = work.in('pulled')
  const names = readdirSync(tinyModel, { recursive: true, encoding: 'utf8' })
  for (const name of names) {
    const target = join(tinyModel, name)
    if (statSync(target).isDirectory()) mkdirSync(join(pulled, name), { recursive: true })
    else symlinkSync(target, join(pulled, name))
  }
  const { result } = await train(shortOptions(work, data, 'from-pulled', { steps: 1 }), pulled)
  rmSync(pulled, { recursive: true })
  for (const name of names.filter((each) => each.includes('.'))) {
    expect(lstatSync(join(result.checkpoint, name)).isFile(), name).toBe(true)
  }
})

test('a full disk leaves the earlier checkpoint, and the run can go on', async ({ skip }) => {
  const disk = work.in('disk')
  mkdirSync(disk)
  // Room for one checkpoint of 28 MB, and not for a second.
  const mount = ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]
  if (spawnSync('mount', mount).status !== 0) skip('no small file system can be mounted')
  try {
    const options = shortOptions(work, data, 'disk/out', { steps: 6, checkpointEvery: 2 })
    const { error, events } = await failure(options)
    expect(error).toBeInstanceOf(OutputError)
    expect(error.message).toContain('the disk is full')
    expect(eventsOf({ events }, 'checkpoint').map(({ step }) => step)).toEqual([2])
    expect(eventsOf({ events }, 'warning')[0].message).toContain(
      'training goes on without a checkpoint of step 4',
    )
    const names = readdirSync(join(disk, 'out')).filter((name) => name.includes('checkpoint'))
    expect(names).toEqual(['checkpoint-000002'])
    await waveOf(join(disk, 'out', 'checkpoint-000002'))

    execFileSync('mount', ['-o', 'remount,size=100m', disk])
    const again = await train({ ...options, resume: true })
    expect(eventsOf(again, 'prepared')[0].startStep).toBe(2)
    // Where nothing can be linked from the model, checkpoints share one copy.
    const vae = join('vae', 'diffusion_pytorch_model.safetensors')
    const [first, last] = [4, 6].map((step) =>
      statSync(join(disk, 'out', `checkpoint-00000${step}`, vae)),
    )
    expect(first.ino).not.toBe(statSync(join(tinyModel, vae)).ino)
    expect(last.ino).toBe(first.ino)
    const whole = await train(shortOptions(work, data, 'roomy', { steps: 6, checkpointEvery: 2 }))
    const unet = join('unet', 'diffusion_pytorch_model.safetensors')
    const [a, b] = [again, whole].map(({ result }) => readFileSync(join(result.checkpoint, unet)))
    expect(a.equals(b)).toBe(true)
  } finally {
    execFileSync('umount', [disk])
  }
})
