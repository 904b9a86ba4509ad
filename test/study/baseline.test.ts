import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { esc50 } from '../../lib/datasets/esc50.js'
import { score } from '../../lib/score/score.js'
import { run, scratch, shortOptions, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)
let folder: string
beforeAll(() => {
  folder = writeEsc50(work.in('esc50'), 5, 2)
})

const clipsOf = (dir: string) =>
  readdirSync(work.in(dir, 'cells')).flatMap((cell) =>
    readdirSync(work.in(dir, 'cells', cell, 'clips')).map((name) =>
      join(work.in(dir, 'cells', cell, 'clips'), name),
    ),
  )

test('text and sound are scored, each a cell with all that decides it, and are not made again', async () => {
  const options = shortOptions(work, [esc50(folder)], 'first')
  const { results, events } = await run('baseline', options)
  expect(results.cells.map(({ study, labels }) => ({ study, ...labels }))).toEqual([
    { study: 'baseline', dataset: 'esc50', condition: 'text' },
    { study: 'baseline', dataset: 'esc50', condition: 'audio' },
  ])
  for (const cell of results.cells) {
    expect(Object.keys(cell.score.metrics)).toEqual(['fd', 'fad', 'is', 'kl'])
    expect(cell.score.generated.count).toBe(10)
    expect(cell.score.pairs).toBe(10)
    expect(cell.list).toMatchObject({ name: 'esc50', items: 10 })
    expect(cell.skipped).toEqual([])
    expect(cell.identity).toMatchObject({
      seed: '0',
      list: cell.list.hash,
      generation: { steps: 2, durationSeconds: 0.64, guidanceScale: 2.5, scheduler: 'dpmpp-2m' },
      environment: { device: 'cpu' },
    })
    for (const { path } of cell.samples) expect(existsSync(work.in('first', path))).toBe(true)
  }
  const [text, audio] = results.cells
  for (const { id, prompt } of text.samples) {
    const [, target] = /-A-(\d)\.wav$/.exec(id) ?? []
    expect(prompt).toBe(`This is a sound of sound ${target}.`)
  }
  expect(text.score.metrics.fd).not.toBe(audio.score.metrics.fd)
  expect(JSON.parse(readFileSync(work.in('first', 'results.json'), 'utf8'))).toEqual(results)
  expect(events.filter(({ type }) => type === 'cell')).toMatchObject([
    { state: 'started', done: 0, total: 2 },
    { state: 'finished', done: 1 },
    { state: 'started', done: 1 },
    { state: 'finished', done: 2 },
  ])

  const before = clipsOf('first').map((path) => statSync(path).mtimeMs)
  const again = await run('baseline', options)
  expect(again.results).toEqual(results)
  expect(again.events.filter(({ type }) => type === 'cell')).toMatchObject([
    { state: 'found' },
    { state: 'found' },
  ])
  expect(clipsOf('first').map((path) => statSync(path).mtimeMs)).toEqual(before)
})

test('what was lost of a cell is made again, and its numbers are the same', async () => {
  const options = shortOptions(work, [esc50(folder)], 'first', { conditions: ['text'] })
  const { results } = await run('baseline', options)
  const [{ key }] = results.cells
  const cell = work.in('first', 'cells', `baseline-${key.slice(0, 16)}`)
  rmSync(join(cell, 'cell.json'))
  const clips = readdirSync(join(cell, 'clips')).map((name) => join(cell, 'clips', name))
  const kept = clips.slice(1).map((path) => statSync(path).mtimeMs)
  rmSync(clips[0])
  const again = await run('baseline', options)
  expect(again.results.cells[0].score.metrics).toEqual(results.cells[0].score.metrics)
  expect(clips.slice(1).map((path) => statSync(path).mtimeMs)).toEqual(kept)
})

test('the folders of clips and references are what score takes, and it says the same', async () => {
  const options = shortOptions(work, [esc50(folder)], 'first', { conditions: ['text'] })
  const { results } = await run('baseline', options)
  const [{ key, score: scored }] = results.cells
  const { metrics } = await score({
    ...options.scoring,
    generated: work.in('first', 'cells', `baseline-${key.slice(0, 16)}`, 'clips'),
    reference: work.in('first', 'references', 'esc50'),
    device: 'cpu',
    threads: 1,
  })
  expect(JSON.parse(JSON.stringify(metrics))).toEqual(scored.metrics)
})

test('a list that was saved is used again; items that the data set lacks are skipped', async () => {
  const list = work.in('first', 'lists', 'esc50.json')
  const { items } = JSON.parse(readFileSync(list, 'utf8'))
  const poor = writeEsc50(work.in('poor'), 5, 2)
  rmSync(join(poor, 'audio', items[0].id))
  writeFileSync(join(poor, 'audio', items[1].id), 'no sound at all')
  const change = { lists: [list], conditions: ['text' as const] }
  const { results, events } = await run(
    'baseline',
    shortOptions(work, [esc50(poor)], 'second', change),
  )
  const [cell] = results.cells
  expect(cell.list.items).toBe(10)
  expect(cell.score.generated.count).toBe(8)
  expect(cell.skipped.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('not in the data set'),
    expect.any(String),
  ])
  expect(events.filter(({ type }) => type === 'skipped')).toHaveLength(2)
})
