import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { detectDataset } from '../../lib/datasets/detect.js'
import { parseDatasetSpec } from '../../lib/datasets/spec.js'
import { refusal, scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const settings = (value: object) => JSON.parse(JSON.stringify(value))

test.each([
  ['esc50:ESC-50-master', { name: 'esc50', path: 'ESC-50-master' }],
  ['esc50:a b?folds=1,2', { name: 'esc50', path: 'a b', folds: [1, 2] }],
  ['urbansound8k:/data/x:y', { name: 'urbansound8k', path: '/data/x:y' }],
  ['urbansound8k:x?folds=10&template=a+{label},+or%3F', { template: 'a {label}, or?' }],
  ['esc50:x?template=What is a {label}?', { template: 'What is a {label}?' }],
  ['audiocaps:x', { name: 'audiocaps', split: 'train' }],
  ['audiocaps:x?split=test', { name: 'audiocaps', split: 'test' }],
  ['audiocaps:x?list=y/z.json', { list: 'y/z.json' }],
  ['audioset:x?split=eval', { name: 'audioset', split: 'eval' }],
  ['folder:.', { name: 'folder', path: '.' }],
  ['folder:x?captions=val.jsonl', { list: 'val.jsonl' }],
  ['folder:x?captions=train_manifest.json&absolute=true', { absolute: true }],
])('%s', (spec, expected) => {
  const dataset = settings(parseDatasetSpec(spec))
  const path = 'path' in expected && { path: resolve(expected.path) }
  expect(dataset).toMatchObject({ ...expected, ...path })
})

test.each([
  ['ESC-50-master', /^dataset: expected the kind and the folder, got 'ESC-50-master'/],
  ['esc50:', /^dataset: expected the kind/],
  ['', /^dataset: expected the kind/],
  ['constructor:x', /^dataset: there is no kind of data set named 'constructor'/],
  ['esc50:x?folds=', /^folds\[0\]: expected a whole number/],
  ['esc50:x?folds=1;2', /^folds\[0\]: expected a whole number from 0 to 1000, got '1;2'/],
  ['esc50:x?split=test', /^split: there is no such option/],
  ['esc50:x?folds=1&folds=2', /^folds: is given twice/],
  ['esc50:x?__proto__=1', /^__proto__: there is no such option/],
  ['esc50:x?template=none', /^template: /],
  ['folder:x?absolute=yes', /^absolute: expected true or false, got 'yes'/],
  ['folder:x?absolute', /^absolute: expected true or false, got ''/],
  ['esc50:x?absolute=true', /^absolute: there is no such option/],
  ['audiocaps:x?split=all', /^split: expected one of train, val, test, got 'all'/],
])('%s is refused', async (spec, message) => {
  expect(await refusal(() => parseDatasetSpec(spec))).toMatch(message)
})

test.each([
  ['meta/esc50.csv', { name: 'esc50' }],
  ['metadata/UrbanSound8K.csv', { name: 'urbansound8k' }],
  ['dataset/val.csv', { name: 'audiocaps', split: 'val' }],
  ['test.json', { name: 'audiocaps', split: 'test' }],
  ['metadata/eval_segments.csv', { name: 'audioset', split: 'eval' }],
  ['captions.jsonl', { name: 'folder' }],
])('a folder with %s is known', async (list, expected) => {
  const folder = work.folder({ [list]: '' })
  expect(settings(await detectDataset(folder))).toMatchObject({ ...expected, path: folder })
})

test('a folder that is not known', async () => {
  const folder = work.folder({ 'x.wav': 300 })
  expect(await refusal(() => detectDataset(folder))).toMatch(/has none of the lists/)
  expect(await refusal(() => detectDataset(join(folder, 'y')))).toMatch(/there is no folder/)
  expect(await refusal(() => detectDataset(join(folder, 'x.wav')))).toMatch(/is not a folder/)
})
