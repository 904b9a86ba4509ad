/** A run that was stopped or killed goes on as if it had not been. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AbortError, InvalidOptionError } from '../../lib/errors.js'
import { loadNative } from '../../lib/native/load.js'
import { type FineTuneOptions, fineTune } from '../../lib/training/fine-tune.js'
import { compileLibrary } from '../cli/run-cli.js'
import { startScript } from '../lifecycle/child.js'
import { tinyModel } from '../models'
import { eventsOf, failure, scratch, shortOptions, train, writeTones } from './fixture.js'

const work = scratch()
const data = writeTones(work.in('data'), 6)
beforeAll(compileLibrary)
afterAll(() => {
  work.remove()
  // What was read ahead of an abort is freed, too.
  expect(loadNative({ cuda: false }).core.liveTensorBytes()).toBe(0)
})

/** Hashes of all that a checkpoint holds but `state.json`, which names folders. */
function contents(checkpoint: string): Record<string, string> {
  const files = readdirSync(checkpoint, { recursive: true, encoding: 'utf8' }).sort()
  const hashes = files
    .filter((name) => /\.(safetensors|json|txt)$/.test(name) && !name.endsWith('state.json'))
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(checkpoint, name)))
        .digest('hex'),
    ])
  expect(hashes.length).toBeGreaterThan(10)
  return Object.fromEntries(hashes)
}

const losses = (dir: string) =>
  readFileSync(join(dir, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ step, loss, validationLoss }) => ({ step, loss, validationLoss }))

const options = (name: string, change: Partial<FineTuneOptions> = {}) =>
  shortOptions(work, data, name, { steps: 9, checkpointEvery: 4, validation: 0.2, ...change })

test('killed while it prepares and while it trains, it makes the same weights', async () => {
  const script = join('..', '..', 'training', 'scripts', 'train.cjs')
  const run = (name: string) =>
    startScript([
      script,
      data,
      work.in(name),
      work.in(`${name}-cache`),
      '18',
      '{"condition":"text"}',
    ])
  const [, whole] = run('whole')
  expect(await whole).toMatchObject({ code: 0 })

  for (const wanted of [/^preparing/m, /^step 1[0-5]/m]) {
    const [child, ended] = run('killed')
    let printed = ''
    child.stdout?.on('data', (chunk) => {
      printed += chunk
      if (wanted.test(printed)) child.kill('SIGKILL')
    })
    expect((await ended).signal).toBe('SIGKILL')
  }
  const [, last] = run('killed')
  const { code, stdout } = await last
  expect(code).toBe(0)
  expect(stdout).not.toMatch(/^step [1-6] /m)
  expect(contents(work.in('killed', 'checkpoint-000018'))).toEqual(
    contents(work.in('whole', 'checkpoint-000018')),
  )
  expect(losses(work.in('killed'))).toEqual(losses(work.in('whole')))
  const left = readdirSync(work.in('killed')).filter((name) => name.startsWith('.'))
  expect(left).toEqual([])
})

describe.each([
  ['from the cache', {}],
  ['on the fly', { cache: false }],
  ['with adapters', { lora: { rank: 2 } }],
] as const)('aborted, %s', (what, change) => {
  const name = what.replaceAll(' ', '-')

  test('it has a checkpoint, says how to go on, and goes on', async () => {
    const whole = await train(options(`${name}-whole`, change))
    const stop = new AbortController()
    const job = fineTune(tinyModel, { ...options(name, change), signal: stop.signal })
    const error = await (async () => {
      for await (const event of job) {
        if (event.type === 'step' && event.step >= 2) stop.abort(new Error('enough'))
      }
    })().catch((reason) => reason)
    expect(error).toBeInstanceOf(AbortError)
    expect(error.cause).toMatchObject({ message: 'enough' })
    const [checkpoint] = readdirSync(work.in(name)).filter((entry) => /^checkpoint/.test(entry))
    const step = Number(checkpoint.slice(-6))
    expect(step).toBeGreaterThanOrEqual(2)
    expect(error.message).toContain(`after step ${step}`)
    expect(error.hint).toContain(`resume: true (--resume) go on from step ${step}`)

    const again = await train(options(name, { ...change, resume: true }))
    expect(eventsOf(again, 'prepared')[0].startStep).toBe(step)
    expect(contents(again.result.checkpoint)).toEqual(contents(whole.result.checkpoint))
    expect(losses(work.in(name))).toEqual(losses(work.in(`${name}-whole`)))
    expect(again.result.final).toEqual(whole.result.final)
  })
})

describe('a run that has ended', () => {
  beforeAll(async () => {
    await train(options('ended'))
  })

  test('is not written over', async () => {
    const { error } = await failure(options('ended'))
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toMatchObject({ option: 'outputDir' })
    expect(error.message).toContain('holds a run that has reached step 9')
    expect(error.hint).toContain('resume')
  })

  test('has nothing left to do, and the same result', async () => {
    const before = contents(work.in('ended', 'checkpoint-000009'))
    const again = await train(options('ended', { resume: true }))
    expect(eventsOf(again, 'step')).toEqual([])
    expect(again.result.checkpoint).toBe(work.in('ended', 'checkpoint-000009'))
    expect(again.result.final.validationLoss).toBeGreaterThan(0)
    expect(contents(again.result.checkpoint)).toEqual(before)
  })

  test.each([
    ['learningRate', { learningRate: 2e-4 }],
    ['batchSize', { batchSize: 3 }],
    ['seed', { seed: 1 }],
    ['condition', { condition: 'audio' }],
    ['segmentSeconds', { segmentSeconds: 0.8 }],
    ['lora', { lora: { rank: 2 } }],
    ['cache', { cache: false }],
    ['schedule', { schedule: 'cosine' }],
    ['dtype', { dtype: 'bfloat16' }],
    ['steps', { steps: 5 }],
    ['init', { init: 'scratch' }],
  ] as const)('does not go on with another %s', async (option, change) => {
    const { error } = await failure(options('ended', { ...change, resume: true }))
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toMatchObject({ option })
  })

  test('does not go on with another data set', async () => {
    const other = writeTones(work.in('other'), 7)
    const changed = shortOptions(work, other, 'ended', { validation: 0.2, steps: 9, resume: true })
    const { error } = await failure(changed)
    expect(error).toMatchObject({ option: 'dataset' })
  })

  test('goes on for longer, with the warm-up it had', async () => {
    const { events } = await train(
      options('ended', { resume: true, steps: 60, checkpointEvery: 51 }),
    )
    expect(eventsOf({ events }, 'prepared')[0].startStep).toBe(9)
    expect(losses(work.in('ended')).at(-1)?.step).toBe(60)
  })
})

test('a checkpoint that is damaged is passed over, with a warning, and made again', async () => {
  const whole = await train(options('damaged'))
  const expected = contents(whole.result.checkpoint)
  const state = join(whole.result.checkpoint, 'training', 'state.safetensors')
  truncateSync(state, 1000)
  const again = await train(options('damaged', { resume: true }))
  expect(eventsOf(again, 'warning')[0].message).toMatch(
    /checkpoint-000009 cannot be gone on from: .*truncated/,
  )
  expect(eventsOf(again, 'prepared')[0].startStep).toBe(8)
  expect(contents(again.result.checkpoint)).toEqual(expected)
})

test('without a checkpoint, resume begins', async () => {
  const { events } = await train(options('fresh', { resume: true, steps: 1 }))
  expect(eventsOf({ events }, 'prepared')[0].startStep).toBe(0)
})

test('a folder that another process trains in is refused', async () => {
  const job = fineTune(tinyModel, options('locked', { steps: 40 }))
  while (!existsSync(work.in('locked', '.lock'))) await sleep(2)
  const { error } = await failure(options('locked', { resume: true }))
  expect(error).toMatchObject({ option: 'outputDir' })
  expect(error.message).toContain(`process ${process.pid} on ${hostname()} trains in`)
  job.abort()
  await expect(job).rejects.toThrow(AbortError)
})

test('aborted while it prepares, it says that nothing is lost', async () => {
  rmSync(work.in('cache'), { recursive: true })
  const job = fineTune(tinyModel, options('early'))
  const error = await (async () => {
    for await (const event of job) if (event.type === 'preparing') job.abort()
  })().catch((reason) => reason)
  expect(error).toBeInstanceOf(AbortError)
  expect(error.message).toContain('before its first step')
  expect(error.hint).toContain('What was prepared is kept')
})

test('what a killed process left half-written is removed', async () => {
  const left = `.checkpoint-000004.4194305-0a1b2c3d.tmp`
  const first = await train(options('left', { steps: 1 }))
  writeFileSync(work.in('left', left), 'half')
  writeFileSync(work.in('left', 'mine.tmp'), 'a file of somebody else')
  await train(options('left', { steps: 2, resume: true }))
  const names = readdirSync(work.in('left'))
  expect(names).not.toContain(left)
  expect(names).toContain('mine.tmp')
  expect(existsSync(first.result.checkpoint)).toBe(true)
})
