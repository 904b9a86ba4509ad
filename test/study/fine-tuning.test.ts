import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { esc50 } from '../../lib/datasets/esc50.js'
import { InvalidOptionError } from '../../lib/errors.js'
import type { StudyResults } from '../../lib/study/results.js'
import { refusal } from '../datasets/fixture.js'
import { run, scratch, shortOptions, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)
let folder: string
beforeAll(() => {
  folder = writeEsc50(work.in('esc50'), 5, 2)
})

const training = {
  ...{ steps: 4, evaluateEvery: 2, batchSize: 2, segmentSeconds: 0.64 },
  ...{ dtype: 'float32' as const, cacheDir: work.in('cache') },
}
const options = (name: string) =>
  shortOptions(work, [esc50(folder)], name, {
    training,
    items: 4,
    generation: { steps: 1, durationSeconds: 0.64 },
  })
const minutes = 10 * 60_000

const of = ({ cells }: StudyResults, study: string) => cells.filter((cell) => cell.study === study)

test('every start and condition is a row; curves are its evaluated steps, and nothing is trained twice', {
  timeout: minutes,
}, async () => {
  const first = await run('fine-tuning', options('first'))
  const rows = of(first.results, 'fine-tuning')
  expect(rows.map(({ labels }) => labels)).toEqual(
    [false, true].flatMap((pretrained) =>
      ['text', 'audio'].map((trainCondition) => ({
        ...{ dataset: 'esc50', pretrained, trainCondition, repeat: 0 },
      })),
    ),
  )
  for (const { training: trained, score } of rows) {
    expect(trained?.steps).toBe(4)
    expect([2, 4]).toContain(trained?.bestStep)
    expect(score.generated.count).toBe(4)
  }
  expect(new Set(rows.map(({ score }) => score.metrics.fd)).size).toBe(4)
  // The best checkpoint of each stays.
  const trainings = readdirSync(work.in('first', 'trainings'))
  expect(trainings).toHaveLength(4)
  for (const name of trainings) {
    const left = readdirSync(work.in('first', 'trainings', name)).filter((each) =>
      each.startsWith('checkpoint-'),
    )
    expect(left).toHaveLength(1)
  }

  const second = await run('curves', options('first'))
  const points = of(second.results, 'curves')
  expect(points.map(({ labels }) => labels.step)).toEqual([2, 4, 2, 4, 2, 4, 2, 4])
  expect(second.events.filter(({ type }) => type === 'cell')).toEqual(
    points.map(() => expect.objectContaining({ state: 'found' })),
  )
  for (const row of rows) {
    const best = points.find(
      ({ labels }) =>
        labels.step === row.training?.bestStep &&
        labels.pretrained === row.labels.pretrained &&
        labels.trainCondition === row.labels.trainCondition,
    )
    expect(best?.score).toEqual(row.score)
  }
  // Rows of the other study stay in the results.
  expect(of(second.results, 'fine-tuning')).toEqual(rows)
})

test('stopped in a training and started again, the numbers are those of an undisturbed run', {
  timeout: minutes,
}, async () => {
  const one = { conditions: ['text' as const] }
  const stop = new AbortController()
  const stopped = run('fine-tuning', {
    ...options('second'),
    ...one,
    signal: stop.signal,
  })
  const watch = setInterval(() => {
    const [name] = existsSync(work.in('second', 'trainings'))
      ? readdirSync(work.in('second', 'trainings'))
      : []
    if (name && existsSync(work.in('second', 'trainings', name, 'checkpoint-000002'))) {
      stop.abort(new Error('enough'))
    }
  }, 2)
  await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' })
  clearInterval(watch)
  const { results } = await run('fine-tuning', { ...options('second'), ...one })
  const before: StudyResults = JSON.parse(readFileSync(work.in('first', 'results.json'), 'utf8'))
  const wanted = of(before, 'fine-tuning').filter(({ labels }) => labels.trainCondition === 'text')
  const numbers = ({ labels, score, training: trained }: StudyResults['cells'][number]) => ({
    ...{ labels, metrics: score.metrics, trained },
  })
  expect(of(results, 'fine-tuning').map(numbers)).toEqual(wanted.map(numbers))
})

test('a study that trains must be told how long, and on what', async () => {
  const { training: _, ...none } = options('third')
  expect(await refusal(() => run('fine-tuning', none))).toContain('training: is needed')
  await expect(run('curves', none)).rejects.toThrow(InvalidOptionError)
})
