import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { esc50 } from '../../lib/datasets/esc50.js'
import { score } from '../../lib/score/score.js'
import type { EvaluationList } from '../../lib/study/evaluation-list.js'
import { studySystem } from '../../lib/study/study.js'
import { refusal } from '../datasets/fixture.js'
import { collect, scratch, shortOptions, tone, write, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)
let options: ReturnType<typeof shortOptions>
let list: EvaluationList

/** Sounds named as the list names them. */
function writeSystem(name: string): string {
  for (const [i, item] of list.items.entries()) {
    write(work.in(name, `${item.name}.wav`), tone(3 * i + 1, 0.4))
  }
  return work.in(name)
}

beforeAll(async () => {
  options = shortOptions(work, [esc50(writeEsc50(work.in('esc50'), 5, 2))], 'out')
  mkdirSync(work.in('none'))
  // Without a clip of the list there is no row, but there is the list.
  expect(await refusal(() => studySystem('None', work.in('none'), options))).toContain(
    'has no clip that is named as an item of the list, such as 1-',
  )
  list = JSON.parse(readFileSync(work.in('out', 'lists', 'esc50.json'), 'utf8'))
})

test('a row has the numbers of score for the same folder, to the last digit', async () => {
  const folder = writeSystem('whole')
  const { results } = await collect(studySystem('Whole', folder, options))
  const [cell] = results.cells
  expect(results.cells).toHaveLength(1)
  expect(cell.labels).toEqual({ dataset: 'esc50', system: 'Whole' })
  expect(cell.skipped).toEqual([])
  const { metrics } = await score({
    ...options.scoring,
    ...{ generated: folder, reference: work.in('out', 'references', 'esc50') },
    ...{ device: 'cpu', threads: 1 },
  })
  expect(Object.keys(metrics)).toEqual(['fd', 'fad', 'is', 'kl'])
  expect(cell.score.metrics).toEqual(JSON.parse(JSON.stringify(metrics)))
  for (const { path } of cell.samples) expect(statSync(work.in('out', path)).isFile()).toBe(true)
})

test('missing, extra and unreadable clips are reported, and the others count', async () => {
  const folder = writeSystem('partly')
  const [missing, broken] = list.items
  rmSync(join(folder, `${missing.name}.wav`))
  writeFileSync(join(folder, `${broken.name}.wav`), 'no sound')
  write(join(folder, 'more', 'other.wav'), tone(5))
  copyFileSync(join(folder, `${list.items[2].name}.wav`), join(folder, 'extra.wav'))
  writeFileSync(join(folder, 'notes.txt'), 'by hand')
  const scoring = { ...options.scoring, metrics: ['fd' as const, 'kl' as const] }
  const { results, events } = await collect(studySystem('Partly', folder, { ...options, scoring }))
  const cell = results.cells.find(({ labels }) => labels.system === 'Partly')
  const reasons = cell?.skipped.map(({ path, reason }) => [path.slice(folder.length + 1), reason])
  expect(reasons?.sort()).toEqual(
    [
      [missing.name, 'has no clip for this item'],
      ['extra.wav', 'is not on the list'],
      [join('more', 'other.wav'), 'is not on the list'],
      ['notes.txt', expect.any(String)],
    ].sort(),
  )
  expect(cell?.score.generated.count).toBe(8)
  expect(cell?.score.generated.skipped).toMatchObject([
    { path: join(folder, `${broken.name}.wav`) },
  ])
  expect(events.filter(({ type }) => type === 'skipped')).toHaveLength(5)
  // The row before is still there.
  expect(results.cells.map(({ labels }) => labels.system)).toEqual(['Whole', 'Partly'])
})

test('what cannot be a row is refused', async () => {
  const nowhere = work.in('nowhere')
  expect(await refusal(() => studySystem('X', nowhere, options))).toBe(
    `folder: there is no folder ${nowhere}`,
  )
  expect(await refusal(() => studySystem('', nowhere, options))).toContain('name: expected a text')
  const two = writeEsc50(work.in('two', 'esc50'), 1, 1)
  const datasets = [...(options.datasets ?? []), esc50(two)]
  expect(await refusal(() => studySystem('X', nowhere, { ...options, datasets }))).toContain(
    "datasets: two of them are called 'esc50'",
  )
  expect(readdirSync(work.in('out'))).not.toContain('.lock')
})
