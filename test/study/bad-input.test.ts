import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { esc50 } from '../../lib/datasets/esc50.js'
import { InvalidModelError } from '../../lib/errors.js'
import { defaultModelDir } from '../../lib/files/paths.js'
import { type StudyOptions, study } from '../../lib/study/study.js'
import { refusal } from '../datasets/fixture.js'
import { run, scratch, shortOptions, write, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)
let folder: string
beforeAll(() => {
  folder = writeEsc50(work.in('esc50'), 5, 2)
})

const options = (name: string, change: Partial<StudyOptions> = {}) =>
  shortOptions(work, [esc50(folder)], name, { conditions: ['text'], ...change })

test('options are checked at once', async () => {
  const cases: [unknown, string][] = [
    [{ datasets: [] }, 'datasets: the list is empty'],
    [{ datasets: undefined }, 'datasets: expected a list of data sets'],
    [{ miniature: 1 }, 'miniature: expected true or false'],
    [{ datasets: [folder] }, 'datasets[0]: expected a data set'],
    [{ items: 0 }, 'items: expected a whole number from 1 to 100000, got 0'],
    [{ conditions: ['smell'] }, 'conditions[0]: expected text or audio'],
    [{ generation: { steps: 0 } }, 'generation.steps: expected a whole number from 1 to 1000'],
    [{ training: { steps: 1, lr: 1 } }, 'training.lr: there is no such option'],
    [{ scoring: { bootstrap: 5 } }, 'scoring.bootstrap'],
    [{ colour: 'red' }, 'colour: there is no such option'],
  ]
  for (const [change, message] of cases) {
    expect(await refusal(() => study('baseline', options('x', change as object)))).toContain(
      message,
    )
  }
  expect(await refusal(() => study('everything' as 'all', options('x')))).toContain(
    'name: expected one of baseline, fine-tuning, curves',
  )
})

test('a model without an audio tower is refused before anything is generated', async () => {
  const model = work.in('deaf')
  cpSync(defaultModelDir(), model, { recursive: true })
  rmSync(`${model}/audio_encoder`, { recursive: true })
  const change = { model, conditions: ['text' as const, 'audio' as const] }
  const failed = run('baseline', options('deaf-out', change))
  await expect(failed).rejects.toBeInstanceOf(InvalidModelError)
  await expect(failed).rejects.toMatchObject({
    hint: expect.stringContaining("conditions: ['text']"),
  })
  expect(readdirSync(work.in('deaf-out'))).not.toContain('cells')
  const training = { steps: 1 }
  await expect(run('fine-tuning', options('deaf-out', { ...change, training }))).rejects.toThrow(
    'no audio_encoder/',
  )
  // Nor can it compare clips, where no other network is given.
  const scoring = { cacheDir: null }
  expect(await refusal(() => run('baseline', options('deaf-out', { model, scoring })))).toContain(
    'scoring: no network is given',
  )
})

test('a data set without any item of the list is an error, and so is another list than before', async () => {
  await run('baseline', options('out'))
  const list = work.in('out', 'lists', 'esc50.json')
  const empty = writeEsc50(work.in('empty'), 5, 2, { files: false })
  const change = { datasets: [esc50(empty)], lists: [list] }
  expect(await refusal(() => run('baseline', options('empty-out', change)))).toContain(
    `${empty} has none of the 10 items of the list`,
  )
  expect(await refusal(() => run('baseline', options('out', { seed: 1 })))).toContain(
    'is another list than that of these options',
  )
  const before = readFileSync(list, 'utf8')
  expect(JSON.parse(before).items).toHaveLength(10)
  const wrong = work.in('wrong.json')
  write(wrong, before.replace('"esc50"', '"audiocaps"'))
  expect(await refusal(() => run('baseline', options('out', { lists: [wrong] })))).toContain(
    'lists[0]: is of audiocaps, of which none is given',
  )
})

test('two processes do not work in one folder', async () => {
  const job = study('baseline', options('busy', { seed: 2 }))
  while (!readdirSync(work.path).includes('busy')) await new Promise((done) => setTimeout(done, 1))
  while (!readdirSync(work.in('busy')).includes('.lock'))
    await new Promise((done) => setTimeout(done, 1))
  expect(await refusal(() => run('baseline', options('busy')))).toContain('works in')
  job.abort()
  await expect(job).rejects.toMatchObject({ code: 'ABORTED' })
})
