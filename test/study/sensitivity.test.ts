import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { esc50 } from '../../lib/datasets/esc50.js'
import { score } from '../../lib/score/score.js'
import type { StudyOptions } from '../../lib/study/options.js'
import { writeStudyReport } from '../../lib/study/report/write-report.js'
import type { StudyResults } from '../../lib/study/results.js'
import { study } from '../../lib/study/study.js'
import { narrowWeights, scratch, sound } from '../score/fixture.js'

const work = scratch()
const at = (name: string) => join(work.path, name)
afterAll(work.remove)

/** 60 chirps of ten classes in the layout of ESC-50, a fifth of which are tested. */
function writeEsc50(folder: string, classes = 10): string {
  mkdirSync(join(folder, 'meta'), { recursive: true })
  mkdirSync(join(folder, 'audio'))
  const rows = Array.from({ length: 60 }, (_, i) => {
    const name = `${1 + (i % 5)}-${i}-A-${i % classes}.wav`
    const { samples, sampleRate } = sound(i, 1 + (i % classes) / 4)
    writeFileSync(join(folder, 'audio', name), encodeWav([samples], sampleRate))
    return `${name},${1 + (i % 5)},${i % classes},class_${i % classes},False,${i},A`
  })
  const head = 'filename,fold,target,category,esc10,src_file,take'
  writeFileSync(join(folder, 'meta', 'esc50.csv'), `${[head, ...rows].join('\n')}\n`)
  return folder
}

let options: StudyOptions
let results: StudyResults
const cellsOf = (corruption: string) =>
  results.cells.filter(({ labels }) => labels.corruption === corruption)

beforeAll(async () => {
  const scoring = { ...narrowWeights(), cacheDir: at('cache'), bootstrap: 100 }
  options = {
    ...{ datasets: [esc50(writeEsc50(at('esc50')))], outputDir: at('out'), device: 'cpu' },
    ...{ model: join(__dirname, '..', '..', 'models', 'random-tiny'), scoring },
    generation: { durationSeconds: 1 },
  }
  results = await study('sensitivity', options)
}, 300_000)

test('has a cell for each corruption and strength, with the classes that there are', () => {
  const strengths = (name: string) => cellsOf(name).map(({ labels }) => labels.strength)
  expect(strengths('gaussian-noise')).toEqual([0, 0.25, 0.5, 1, 2])
  expect(strengths('masking')).toEqual([0, 0.1, 0.2, 0.4, 0.8])
  expect(strengths('interference')).toEqual([0, 1, 2, 5, 9])
  expect(strengths('permutation')).toEqual([0, 2, 3, 4, 5])
  expect(new Set(results.cells.map(({ key }) => key)).size).toBe(20)
})

test('at strength 0 no metric that compares sees a difference, and at the greatest FD does', () => {
  for (const corruption of ['gaussian-noise', 'masking', 'interference', 'permutation']) {
    const cells = cellsOf(corruption)
    const [none, most] = [cells[0], cells[cells.length - 1]].map((cell) => cell.score)
    expect(none.metrics.fd).toBeCloseTo(0, 5)
    expect(none.metrics.fad).toBeCloseTo(0, 5)
    expect(none.pairs).toBe(12)
    expect(most.metrics.fd).toBeGreaterThan(1e-3)
    expect(most.intervals?.fd).toBeDefined()
  }
})

test('a cell has the numbers that score gives for its folders', async () => {
  const cell = cellsOf('interference')[4]
  const generated = join(at('out'), 'cells', `sensitivity-${cell.key.slice(0, 16)}`, 'clips')
  const copies = readdirSync(at('out/copies')).map((name) => join(at('out/copies'), name))
  // Noise and masks share theirs; interference and permutation have their own.
  expect(copies).toHaveLength(3)
  const { device, scoring } = options
  const all = await Promise.all(
    copies.map((reference) => score({ ...scoring, device, generated, reference })),
  )
  expect(all.map(({ metrics }) => metrics)).toContainEqual(cell.score.metrics)
})

test('goes on where it was, with the same sounds, and makes no finished cell again', async () => {
  const again = at('again')
  cpSync(at('out'), again, { recursive: true })
  const cell = cellsOf('masking')[2]
  const folder = join(again, 'cells', `sensitivity-${cell.key.slice(0, 16)}`)
  const clips = readdirSync(join(folder, 'clips'))
  const sounds = clips.map((name) => readFileSync(join(folder, 'clips', name)))
  rmSync(join(folder, 'cell.json'))
  for (const name of clips.slice(0, 5)) rmSync(join(folder, 'clips', name))
  const states: string[] = []
  const job = study('sensitivity', { ...options, outputDir: again })
  for await (const event of job) if (event.type === 'cell') states.push(event.state)
  expect(states.filter((state) => state === 'found')).toHaveLength(19)
  const resumed = await job
  expect(resumed.cells.map(({ score: { metrics } }) => metrics)).toEqual(
    results.cells.map(({ score: { metrics } }) => metrics),
  )
  expect(clips.map((name) => readFileSync(join(folder, 'clips', name)))).toEqual(sounds)
}, 120_000)

test('the report has its figure, and players of every cell', async () => {
  await writeStudyReport(results, at('report'), at('out'))
  const page = readFileSync(at('report/report.html'), 'utf8')
  expect(page.match(/<audio controls /g)).toHaveLength(3 * 20)
  expect(page.match(/<svg class="panel"/g)).toHaveLength(4 * 4)
  expect(readFileSync(at('report/report.md'), 'utf8')).toContain('![What each metric notices')
})

test('a data set of one class has no companions, which a warning says', async () => {
  const job = study('sensitivity', {
    ...{ ...options, outputDir: at('one'), items: 10 },
    datasets: [esc50(writeEsc50(at('single'), 1))],
  })
  const warnings: string[] = []
  for await (const event of job) if (event.type === 'warning') warnings.push(event.message)
  const { cells } = await job
  expect(new Set(cells.map(({ labels }) => labels.corruption))).toEqual(
    new Set(['gaussian-noise', 'masking']),
  )
  expect(warnings.join()).toContain('esc50 is left out of interference')
}, 120_000)
