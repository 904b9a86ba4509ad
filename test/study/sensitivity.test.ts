import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { esc50 } from '../../lib/datasets/esc50.js'
import { score } from '../../lib/score/score.js'
import { writeStudyReport } from '../../lib/study/report/write-report.js'
import type { StudyOptions, StudyResults } from '../../lib/study/study.js'
import { narrowWeights } from '../score/fixture.js'
import { run, scratch, shortOptions, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)

let options: StudyOptions
let results: StudyResults
const cellsOf = (corruption: string) =>
  results.cells.filter(({ labels }) => labels.corruption === corruption)

beforeAll(async () => {
  const { panns } = narrowWeights()
  const scoring = {
    panns,
    metrics: ['fd', 'kl'],
    bootstrap: 100,
    cacheDir: work.in('features'),
  } as const
  const data = esc50(writeEsc50(work.in('esc50'), 8, 1))
  options = shortOptions(work, [data], 'out', { scoring })
  results = (await run('sensitivity', options)).results
}, 600_000)

test('has a cell for each corruption and strength, with the classes that there are', () => {
  const strengths = (name: string) => cellsOf(name).map(({ labels }) => labels.strength)
  expect(strengths('gaussian-noise')).toEqual([0, 0.25, 0.5, 1, 2])
  expect(strengths('masking')).toEqual([0, 0.1, 0.2, 0.4, 0.8])
  expect(strengths('interference')).toEqual([0, 1, 2, 5, 7])
  expect(strengths('permutation')).toEqual([0, 2, 3, 4, 5])
  expect(new Set(results.cells.map(({ key }) => key)).size).toBe(20)
})

test('at strength 0 no metric that compares sees a difference, and at the greatest FD does', () => {
  for (const corruption of ['gaussian-noise', 'masking', 'interference', 'permutation']) {
    const cells = cellsOf(corruption)
    const [none, most] = [cells[0], cells[cells.length - 1]].map((cell) => cell.score)
    expect(none.metrics.fd).toBeCloseTo(0, 5)
    expect(none.pairs).toBe(8)
    expect(most.metrics.fd).toBeGreaterThan(1e-3)
    expect(most.intervals?.fd).toBeDefined()
  }
})

test('a cell has the numbers that score gives for its folders', async () => {
  const cell = cellsOf('interference')[4]
  const generated = join(work.in('out'), 'cells', `sensitivity-${cell.key.slice(0, 16)}`, 'clips')
  const copies = readdirSync(work.in('out', 'copies')).map((name) => work.in('out', 'copies', name))
  // Noise and masks share theirs; interference and permutation have their own.
  expect(copies).toHaveLength(3)
  const { device, threads, scoring } = options
  const all = await Promise.all(
    copies.map((reference) => score({ ...scoring, device, threads, generated, reference })),
  )
  expect(all.map(({ metrics }) => metrics)).toContainEqual(cell.score.metrics)
})

test('goes on where it was, with the same sounds, and makes no finished cell again', async () => {
  const again = work.in('again')
  cpSync(work.in('out'), again, { recursive: true })
  const cell = cellsOf('masking')[2]
  const folder = join(again, 'cells', `sensitivity-${cell.key.slice(0, 16)}`)
  const clips = readdirSync(join(folder, 'clips'))
  const sounds = clips.map((name) => readFileSync(join(folder, 'clips', name)))
  rmSync(join(folder, 'cell.json'))
  for (const name of clips.slice(0, 5)) rmSync(join(folder, 'clips', name))
  const { results: resumed, events } = await run('sensitivity', { ...options, outputDir: again })
  const states = events.flatMap((event) => (event.type === 'cell' ? [event.state] : []))
  expect(states.filter((state) => state === 'found')).toHaveLength(19)
  expect(resumed.cells.map(({ score: { metrics } }) => metrics)).toEqual(
    results.cells.map(({ score: { metrics } }) => metrics),
  )
  expect(clips.map((name) => readFileSync(join(folder, 'clips', name)))).toEqual(sounds)
}, 300_000)

test('the report has its figure, and players of every cell', async () => {
  await writeStudyReport(results, work.in('report'), work.in('out'))
  const page = readFileSync(work.in('report', 'report.html'), 'utf8')
  expect(page.match(/<audio controls /g)).toHaveLength(3 * 20)
  expect(page.match(/<svg class="panel"/g)).toHaveLength(4 * 2)
  expect(readFileSync(work.in('report', 'report.md'), 'utf8')).toContain(
    '![What each metric notices',
  )
})

test('a data set of one class has no companions, which a warning says', async () => {
  const data = esc50(writeEsc50(work.in('single'), 1, 4))
  const { results: found, events } = await run('sensitivity', {
    ...{ ...options, outputDir: work.in('one'), datasets: [data] },
  })
  const { cells } = found
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
  expect(new Set(cells.map(({ labels }) => labels.corruption))).toEqual(
    new Set(['gaussian-noise', 'masking']),
  )
  expect(warnings.join()).toContain('esc50 is left out of interference')
}, 300_000)
