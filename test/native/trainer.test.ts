/** The life of a trainer: steps, aborts, what it saves and how it ends. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AbortError,
  DisposedError,
  EngineError,
  OutputError,
  TrainingError,
} from '../../lib/errors.js'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import { type TrainEvent, Trainer } from '../../lib/native/trainer.js'
import { readSafetensors, readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import {
  core,
  makeData,
  native,
  readTiny,
  type SpecChange,
  specOf,
  take,
} from '../training/setup.js'

const liveBefore = core.liveTensorBytes()
const work = mkdtempSync(join(tmpdir(), 'audioldm-trainer-'))
const { data, dispose } = makeData(5)
let folder: ModelFolder

beforeAll(async () => {
  folder = await readTiny()
})
afterAll(() => {
  dispose()
  rmSync(work, { recursive: true })
  expect(core.liveTensorBytes()).toBe(liveBefore)
})

async function withTrainer<T>(
  change: SpecChange,
  use: (trainer: Trainer) => Promise<T>,
  state?: string,
): Promise<T> {
  const saved = state === undefined ? undefined : await readSafetensors(state)
  const trainer = await Trainer.load(native, specOf(folder, change, saved))
  try {
    return await use(trainer)
  } finally {
    await trainer.dispose()
  }
}

async function train(trainer: Trainer, until: number): Promise<TrainEvent[]> {
  const events: TrainEvent[] = []
  await trainer.train(data, until, (event) => events.push(event))
  return events
}

let files = 0

/** Everything a run goes on from, as a file. */
async function saveState(trainer: Trainer): Promise<string> {
  const path = join(work, `state-${files++}.safetensors`)
  const names = trainer.trainable.flatMap(({ name }) =>
    ['trainable', 'ema', 'exp_avg', 'exp_avg_sq'].map((kind) => `${kind}/${name}`),
  )
  const entries = [...names, 'counters'].map((name) => ({ name, source: name }))
  await trainer.save(path, entries)
  return path
}

const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Of all that a run goes on from. */
async function stateHash(trainer: Trainer): Promise<string> {
  return hashOf(await saveState(trainer))
}

const adapters = { rank: 2, alpha: 4, modules: ['class_embedding', 'time_embedding.linear_1'] }

describe('steps', () => {
  test('are told of one by one', async () => {
    const schedule = { warmupSteps: 4, learningRate: 8e-4, schedule: 'cosine', totalSteps: 8 }
    await withTrainer(schedule as SpecChange, async (trainer) => {
      expect(trainer.step).toBe(0)
      const events = await train(trainer, 9)
      expect(trainer.step).toBe(9)
      expect(events.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
      const rates = [2, 4, 6, 8, 8, 8 * (0.5 + Math.SQRT1_2 / 2), 4, 8 * (0.5 - Math.SQRT1_2 / 2)]
      for (const [i, rate] of rates.entries()) {
        expect(events[i].learningRate).toBeCloseTo(rate * 1e-4, 12)
      }
      expect(events[8].learningRate).toBeCloseTo(0, 12)
      for (const event of events) {
        expect(Object.keys(event)).toEqual(
          expect.arrayContaining(['step', 'loss', 'learningRate', 'gradientNorm', 'skipped', 'ms']),
        )
        expect(event.loss).toBeGreaterThan(0)
        expect(event.gradientNorm).toBeGreaterThan(0)
        expect(event.ms).toBeGreaterThan(0)
        expect(event.skipped).toBe(false)
      }
      expect(await train(trainer, 9)).toEqual([])
      expect(await train(trainer, 0)).toEqual([])
    })
  })

  test('make the loss of a few clips fall', async () => {
    await withTrainer({ batchSize: 4, learningRate: 2e-3 }, async (trainer) => {
      const losses = (await train(trainer, 40)).map(({ loss }) => loss)
      const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
      expect(mean(losses.slice(-10))).toBeLessThan(0.8 * mean(losses.slice(0, 10)))
    })
  })

  test.each<[string, SpecChange, number, RegExp]>([
    ['all weights', {}, 690, /^conv_in\.weight$/],
    ['adapters', { lora: adapters }, 4, /^class_embedding\.lora_A\.weight$/],
  ])('train %s', async (_, change, count, name) => {
    await withTrainer(change, async (trainer) => {
      const { trainable } = trainer
      expect(trainable).toHaveLength(count)
      expect(trainable.some((one) => name.test(one.name))).toBe(true)
      const { gradients, ...inspection } = await trainer.inspect(data, {
        step: 0,
        gradients: true,
      })
      expect(gradients.map(({ shape }) => shape)).toEqual(trainable.map(({ shape }) => shape))
      for (const one of [...gradients, ...Object.values(inspection)]) one?.dispose()
    })
  })

  test('that are looked at change nothing', async () => {
    const undisturbed = await withTrainer({}, async (trainer) => {
      await train(trainer, 3)
      return stateHash(trainer)
    })
    await withTrainer({}, async (trainer) => {
      for (let step = 1; step <= 3; step++) {
        const inspection = await trainer.inspect(data, { step: 7, gradients: true })
        const { gradients, ...rest } = inspection
        for (const one of [...gradients, ...Object.values(rest)]) one?.dispose()
        const request = { items: Int32Array.of(0, 3), draws: 2, seed: 1n, ema: step > 1 }
        take(await trainer.validate(data, request))
        await train(trainer, step)
      }
      expect(await stateHash(trainer)).toEqual(undisturbed)
    })
  })
})

describe('a run goes on', () => {
  const settings: [string, SpecChange][] = [
    ['all weights', { warmupSteps: 4, schedule: 'cosine', totalSteps: 12, accumulate: 2 }],
    ['adapters', { lora: adapters, learningRate: 1e-3, maxGradientNorm: 0.1 }],
    ['from scratch', { init: 'scratch' }],
  ]

  test.each(settings)('from what was saved, bit by bit: %s', async (_, change) => {
    let half = ''
    const [losses, whole] = await withTrainer(change, async (trainer) => {
      const events = await train(trainer, 3)
      half = await saveState(trainer)
      events.push(...(await train(trainer, 6)))
      return [events.map(({ loss }) => loss), await stateHash(trainer)]
    })
    await withTrainer(
      change,
      async (trainer) => {
        expect(trainer.step).toBe(3)
        const again = (await train(trainer, 6)).map(({ loss }) => loss)
        expect(again).toEqual(losses.slice(3))
        expect(await stateHash(trainer)).toEqual(whole)
      },
      half,
    )
  })

  test('after an abort, which keeps what was done', async () => {
    const until = 12
    const whole = await withTrainer({}, async (trainer) => {
      await train(trainer, until)
      return stateHash(trainer)
    })
    await withTrainer({}, async (trainer) => {
      const controller = new AbortController()
      const reason = new Error('enough')
      const seen: number[] = []
      const training = trainer.train(
        data,
        until,
        ({ step }) => {
          seen.push(step)
          if (step === 2) controller.abort(reason)
        },
        controller.signal,
      )
      await expect(training).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
      // The step that ran is done and told of; none is begun.
      expect(trainer.step).toBe(seen.at(-1))
      expect(trainer.step).toBeLessThan(6)
      await expect(trainer.train(data, until, () => {}, controller.signal)).rejects.toBeInstanceOf(
        AbortError,
      )
      await train(trainer, until)
      expect(await stateHash(trainer)).toEqual(whole)
    })
  })

  test('not from a state of other tensors', async () => {
    const half = await withTrainer({ lora: adapters }, saveState)
    await expect(withTrainer({}, saveState, half)).rejects.toThrow(/trainable\//)
    const other = { ...adapters, rank: 3 }
    await expect(withTrainer({ lora: other }, saveState, half)).rejects.toThrow(/lora_A/)
  })
})

describe('an end', () => {
  test('in the middle of training', async () => {
    const trainer = await Trainer.load(native, specOf(folder))
    let disposed: Promise<void> | undefined
    const training = trainer.train(data, 10_000, () => {
      disposed ??= trainer.dispose()
    })
    await expect(training).rejects.toBeInstanceOf(DisposedError)
    await disposed
    await trainer.dispose()
    await expect(trainer.train(data, 1, () => {})).rejects.toBeInstanceOf(DisposedError)
    expect(() => trainer.step).toThrow(DisposedError)
    expect(() => trainer.itemsOf(0, 1)).toThrow(DisposedError)
  })

  test('while loading', async () => {
    const controller = new AbortController()
    const loading = Trainer.load(native, specOf(folder), controller.signal)
    controller.abort()
    await expect(loading).rejects.toBeInstanceOf(AbortError)
  })

  test('of the process, in the middle of training', () => {
    const output = execFileSync(process.execPath, [join(__dirname, 'scripts', 'train.cjs'), 'exit'])
    expect(String(output)).toBe('step 2\n')
  })

  test('by divergence leaves the weights as they were', async () => {
    const broken = makeData(5)
    const moments = broken.data.moments.data() as Float32Array
    const damaged = core.NativeTensor.from(moments.fill(Number.NaN), broken.data.moments.shape)
    await withTrainer({}, async (trainer) => {
      await train(trainer, 1)
      const before = await weightsHash(trainer)
      const events: TrainEvent[] = []
      const training = trainer.train({ ...broken.data, moments: damaged }, 20, (event) =>
        events.push(event),
      )
      await expect(training).rejects.toMatchObject({
        code: 'TRAINING_DIVERGED',
        message: expect.stringMatching(/10 steps in a row/),
      })
      expect(events.map(({ step, skipped }) => [step, skipped])).toEqual(
        [2, 3, 4, 5, 6, 7, 8, 9, 10].map((step) => [step, true]),
      )
      expect(trainer.step).toBe(11)
      expect(await weightsHash(trainer)).toEqual(before)
      // It can still be used.
      const [event] = await train(trainer, 12)
      expect(event.skipped).toBe(false)
    })
    damaged.dispose()
    broken.dispose()
  })

  async function weightsHash(trainer: Trainer): Promise<string> {
    const path = join(work, `weights-${files++}.safetensors`)
    await trainer.save(
      path,
      trainer.trainable.map(({ name }) => ({ name, source: `trainable/${name}` })),
    )
    return hashOf(path)
  }
})

test('a hundred steps leave nothing behind', async () => {
  await withTrainer({}, async (trainer) => {
    await train(trainer, 30)
    const before = process.memoryUsage.rss()
    const live = core.liveTensorBytes()
    await train(trainer, 130)
    const grown = (process.memoryUsage.rss() - before) / 2 ** 20
    console.log(`100 steps: ${grown.toFixed(1)} MiB more`)
    expect(grown).toBeLessThan(16)
    expect(core.liveTensorBytes()).toBe(live)
  })
})

describe('validation', () => {
  test('is decided by seed and item alone', async () => {
    await withTrainer({ batchSize: 3, learningRate: 1e-2 }, async (trainer) => {
      await train(trainer, 5)
      const errors = async (items: number[], draws = 3, ema = true, seed = 9n) => {
        const request = { items: Int32Array.from(items), draws, seed, ema }
        const tensor = await trainer.validate(data, request)
        expect(tensor.shape).toEqual([items.length, draws])
        return take(tensor)
      }
      const all = await errors([0, 1, 2, 3, 4])
      expect(await errors([0, 1, 2, 3, 4])).toEqual(all)
      // In passes of other sizes sums are taken in another order.
      for (const [i, value] of (await errors([3, 1])).entries()) {
        const [item, draw] = [[3, 1][Math.floor(i / 3)], i % 3]
        expect(Math.abs(value / all[item * 3 + draw] - 1)).toBeLessThan(1e-5)
      }
      expect(await errors([0, 1, 2, 3, 4], 3, true, 10n)).not.toEqual(all)
      expect(await errors([0, 1, 2, 3, 4], 3, false)).not.toEqual(all)
      await expect(errors([5])).rejects.toThrow(/Item 5 /)
    })
  })

  test('can be aborted', async () => {
    await withTrainer({}, async (trainer) => {
      const controller = new AbortController()
      const request = { items: new Int32Array(200), draws: 10, seed: 1n, ema: true }
      const validating = trainer.validate(data, request, controller.signal)
      setTimeout(() => controller.abort(), 50)
      await expect(validating).rejects.toBeInstanceOf(AbortError)
    })
  })
})

describe('saving', () => {
  const weight = [{ name: 'mine', source: 'trainable/conv_in.weight' }]

  test('writes names and metadata as asked', async () => {
    const path = join(work, 'names.safetensors')
    await withTrainer({}, (trainer) =>
      trainer.save(path, [...weight, { name: 'n', source: 'counters' }], { 'a "key"': 'ä\n' }),
    )
    const table = await readSafetensors(path)
    expect([...table.keys()].sort()).toEqual(['mine', 'n'])
    expect(table.get('n')).toMatchObject({ dtype: 'int64', shape: [3] })
    expect([...(await readSafetensorsMetadata(path))]).toEqual([['a "key"', 'ä\n']])
  })

  test.each<[string, () => string, RegExp]>([
    ['a folder that is not there', () => join(work, 'no', 'file'), /ENOENT/],
    ['a folder', () => work, /EEXIST|EISDIR/],
    ['a full device', () => '/dev/full', /EEXIST|ENOSPC/],
    ['a name that is too long', () => join(work, 'x'.repeat(300)), /ENAMETOOLONG/],
  ])('to %s ends in an OutputError', async (_, path, message) => {
    await withTrainer({}, async (trainer) => {
      const saving = trainer.save(path(), weight)
      await expect(saving).rejects.toBeInstanceOf(OutputError)
      await expect(trainer.save(path(), weight)).rejects.toThrow(message)
      expect(trainer.step).toBe(0)
    })
  })

  test('to a disk that is full leaves no file', () => {
    const path = join(work, 'limited.safetensors')
    const script = join(__dirname, 'scripts', 'train.cjs')
    // Files of at most 64 KiB: what a full disk is to a process.
    const limited = ['-c', 'ulimit -f 64; exec "$0" "$@"', process.execPath, script, 'save', path]
    expect(String(execFileSync('bash', limited))).toMatch(/^OUTPUT_FAILED .*EFBIG/)
    expect(existsSync(path)).toBe(false)
  })

  test('what is not there is named', async () => {
    await withTrainer({}, async (trainer) => {
      const path = join(work, 'none.safetensors')
      for (const source of ['trainable/no', 'merged/no', 'ema', 'no/conv_in.weight', '']) {
        const saving = trainer.save(path, [{ name: 'a', source }])
        await expect(saving).rejects.toBeInstanceOf(EngineError)
      }
      expect(existsSync(path)).toBe(false)
    })
  })

  test('values that are not finite ends in a TrainingError', async () => {
    await withTrainer({ learningRate: 1e39 }, async (trainer) => {
      await train(trainer, 1)
      const path = join(work, 'infinite.safetensors')
      const saving = trainer.save(path, weight)
      await expect(saving).rejects.toBeInstanceOf(TrainingError)
      expect(existsSync(path)).toBe(false)
    })
  })
})
