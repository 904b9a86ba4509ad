import { readFileSync, rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { audioCaps } from '../../lib/datasets/audiocaps.js'
import type { DatasetClip } from '../../lib/datasets/dataset.js'
import { esc50 } from '../../lib/datasets/esc50.js'
import { urbanSound8K } from '../../lib/datasets/urbansound8k.js'
import { drawList, hashOfList, readList, saveList } from '../../lib/study/evaluation-list.js'
import { sizeOfList, trainingPart } from '../../lib/study/test-set.js'
import { refusal } from '../datasets/fixture.js'
import { scratch, tone, write, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)

/** UrbanSound8K as published has 8732 clips in ten classes. */
function urbanSoundRows(): string {
  const classes = [
    ...['air_conditioner', 'car_horn', 'children_playing', 'dog_bark', 'drilling'],
    ...['engine_idling', 'gun_shot', 'jackhammer', 'siren', 'street_music'],
  ]
  const sizes = [1000, 429, 1000, 1000, 1000, 1000, 374, 1000, 929, 1000]
  const rows = ['slice_file_name,fsID,start,end,salience,fold,classID,class']
  for (const [id, size] of sizes.entries()) {
    for (let i = 0; i < size; i++) {
      const name = `${100_000 + i}-${id}-0-${i % 7}.wav`
      rows.push(`${name},${i},0,4,1,${1 + (i % 10)},${id},${classes[id]}`)
    }
  }
  return `${rows.join('\n')}\n`
}

test('ESC-50 is tested with 400 items, 8 of each class, UrbanSound8K with 870', async () => {
  const esc = esc50(writeEsc50(work.in('esc50'), 50, 8, { files: false }))
  const { clips, absent = [] } = await esc.load()
  expect([clips.length, absent.length]).toEqual([0, 2000])
  const list = drawList('esc50', absent, sizeOfList('esc50'), 0n)
  expect(list.items).toHaveLength(400)
  const counts = new Map<string, number>()
  for (const { labels, prompt } of list.items) {
    counts.set(labels[0], (counts.get(labels[0]) ?? 0) + 1)
    expect(prompt).toBe(`This is a sound of ${labels[0]}.`)
  }
  expect([...counts.values()]).toEqual(new Array(50).fill(8))

  write(work.in('us8k', 'metadata', 'UrbanSound8K.csv'), urbanSoundRows())
  const urban = await urbanSound8K(work.in('us8k')).load()
  expect(urban.absent).toHaveLength(8732)
  const other = drawList('urbansound8k', urban.absent ?? [], sizeOfList('urbansound8k'), 0n)
  expect(other.items).toHaveLength(870)
  expect(new Set(other.items.map(({ name }) => name)).size).toBe(870)
})

test('a list depends on the seed, and not on the order of clips or on which files are there', async () => {
  const folder = writeEsc50(work.in('some'), 4, 5)
  const whole = await esc50(folder).load()
  const draw = (clips: readonly Omit<DatasetClip, 'path'>[], seed = 0n) =>
    drawList('esc50', clips, sizeOfList('esc50'), seed)
  const list = draw(whole.clips)
  expect(draw([...whole.clips].reverse())).toEqual(list)
  expect(hashOfList(draw(whole.clips, 1n))).not.toBe(hashOfList(list))
  for (const { id } of list.items.slice(0, 7)) rmSync(`${folder}/audio/${id}`)
  const { clips, absent = [] } = await esc50(folder).load()
  expect(absent).toHaveLength(7)
  expect(hashOfList(draw([...clips, ...absent]))).toBe(hashOfList(list))
})

test('what is trained on is what is not tested', async () => {
  const dataset = esc50(writeEsc50(work.in('parts'), 4, 3))
  const { clips } = await dataset.load()
  const list = drawList('esc50', clips, sizeOfList('esc50'), 0n)
  const trained = await trainingPart(dataset, list).load()
  const ids = [...list.items, ...trained.clips].map(({ id }) => id)
  expect([list.items.length, trained.clips.length]).toEqual([12, 48])
  expect(new Set(ids)).toEqual(new Set(clips.map(({ id }) => id)))

  write(work.in('caps', 'train.csv'), 'youtube_id,start_time,caption\nabcdefghijk,0,trained on\n')
  write(work.in('caps', 'mine.csv'), 'youtube_id,start_time,caption\nabcdefghijK,0,tested\n')
  write(work.in('caps', 'abcdefghijk.wav'), tone(1))
  const named = trainingPart(audioCaps(work.in('caps'), { list: 'mine.csv' }), list)
  expect((await named.load()).clips.map(({ captions }) => captions)).toEqual([['trained on']])
})

test('of five captions the seed picks one; several labels are one prompt', () => {
  const captions = ['one', 'two', 'three', 'four', 'five']
  const clips = Array.from({ length: 50 }, (_, i) => ({ id: `clip${i}`, captions, labels: [] }))
  const { items } = drawList('audiocaps', clips, (all) => all, 3n)
  expect(items).toHaveLength(50)
  expect(new Set(items.map(({ prompt }) => prompt))).toEqual(new Set(captions))
  for (const item of items) expect(item.captions).toEqual(captions)
})

test('names are file names, each once', () => {
  const ids = ['a/b.wav', 'a_b.wav', '-Xy_30', '-xY_30', '.hidden.flac', 'x.wav#1-2']
  const clips = ids.map((id) => ({ id, captions: ['x'], labels: [] }))
  const { items } = drawList('folder', clips, (all) => all, 0n)
  const names = items.map(({ name }) => name)
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(ids.length)
  for (const name of names) expect(name).toMatch(/^[\w-][\w.-]*$/)
})

test('a saved list is the same when it is read; what is none is refused', async () => {
  const clips = [{ id: 'a.wav', captions: ['rain'], labels: ['rain'] }]
  const list = drawList('folder', clips, () => 1, 5n)
  await saveList(work.in('list.json'), list)
  expect(await readList('lists[0]', work.in('list.json'))).toEqual(list)
  const changed = (change: object) => {
    write(work.in('bad.json'), JSON.stringify({ ...list, ...change }))
    return refusal(() => readList('lists[0]', work.in('bad.json')))
  }
  const [item] = list.items
  expect(await changed({ items: [] })).toContain('items: ')
  expect(await changed({ items: [item, item] })).toContain('an id is there twice')
  expect(await changed({ items: [{ ...item, name: '../x' }] })).toContain(
    'items.0.name: is no file name',
  )
  expect(await changed({ format: 'other' })).toContain('format: ')
  write(work.in('bad.json'), readFileSync(work.in('list.json'), 'utf8').slice(0, 30))
  expect(await refusal(() => readList('lists[0]', work.in('bad.json')))).toContain('it is no JSON')
  expect(await refusal(() => readList('lists[0]', work.in('none.json')))).toContain(
    'there is no such file',
  )
})
