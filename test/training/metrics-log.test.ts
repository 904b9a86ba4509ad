import { appendFileSync, readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { MetricsLog } from '../../lib/training/curves/metrics-log.js'
import { scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const step = (number: number, loss = number / 10) => ({
  ...{ step: number, loss, learningRate: 1e-4, gradientNorm: 1, clipsPerSecond: 2 },
  skipped: false,
})

async function written(name: string, steps: number): Promise<string> {
  const log = new MetricsLog(work.in(name))
  await log.open(-1)
  for (let i = 1; i <= steps; i++) {
    log.addStep(step(i))
    if (i % 2 === 0) log.addEvaluation({ step: i, validationLoss: 1 / i })
  }
  await log.flush()
  await log.close()
  return work.in(name)
}

const steps = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).step)

test('a line a step and one an evaluation, appended', async () => {
  const path = await written('plain.jsonl', 3)
  expect(steps(path)).toEqual([1, 2, 2, 3])
  expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0])).toEqual({
    ...{ step: 1, loss: 0.1, learningRate: 1e-4, gradientNorm: 1, clipsPerSecond: 2 },
  })
})

test('is cut back to the step that a run goes on from, with what is known of it', async () => {
  const path = await written('cut.jsonl', 6)
  const log = new MetricsLog(path)
  await log.open(4)
  expect(steps(path)).toEqual([1, 2, 2, 3, 4, 4])
  expect(log.evaluation).toEqual({ step: 4, validationLoss: 0.25, metrics: undefined })
  expect(log.best).toEqual({ step: 4, validationLoss: 0.25 })
  expect(log.recentLoss).toBeCloseTo(0.25, 12)
  log.addStep(step(5))
  await log.flush()
  await log.close()
  expect(steps(path)).toEqual([1, 2, 2, 3, 4, 4, 5])
})

test('a line that was cut off by a crash goes, and all after it', async () => {
  const path = await written('torn.jsonl', 2)
  appendFileSync(path, '{"step":3,"lo')
  const log = new MetricsLog(path)
  await log.open(9)
  log.addStep(step(3))
  await log.flush()
  await log.close()
  expect(steps(path)).toEqual([1, 2, 2, 3])
})

test('losses that are no numbers are null, and count for nothing', async () => {
  const log = new MetricsLog(work.in('nan.jsonl'))
  await log.open(-1)
  log.addStep(step(1, 0.5))
  log.addStep({ ...step(2, Number.NaN), skipped: true })
  log.addEvaluation({ step: 2, validationLoss: Number.NaN })
  await log.flush()
  await log.close()
  const lines = readFileSync(log.path, 'utf8').split('\n')
  expect(JSON.parse(lines[1])).toMatchObject({ step: 2, loss: null, skipped: true })
  expect(log.recentLoss).toBe(0.5)
  expect(log.best).toBe(undefined)
})

test('the evaluation at the start is none of a checkpoint', async () => {
  const log = new MetricsLog(work.in('best.jsonl'))
  await log.open(-1)
  for (const [at, loss] of [0.1, 0.9, 0.3, 0.5].entries()) {
    log.addEvaluation({ step: at, validationLoss: loss })
  }
  await log.close()
  expect(log.best).toEqual({ step: 2, validationLoss: 0.3 })
})
