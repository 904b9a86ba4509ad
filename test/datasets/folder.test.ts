import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { AbortError } from '../../lib/errors.js'
import { refusal, scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

test('captions.csv: captions, labels where there is none, and parts of files', async () => {
  const folder = work.folder({
    'captions.csv': [
      'file,caption,labels,start,end',
      'a.wav,A dog barks,,,',
      'sub/b c.wav,,dog_bark; rain ;dog_bark,,',
      'sub\\b c.wav,"A dog, in the rain",rain,,',
      'long.wav,First,,0,2.5',
      'long.wav,Second,,2.5,',
      './long.wav,Also second,,2.5,',
      'lost.wav,Lost,,,',
      'a.wav,,,,',
      'a.wav,Wrong,,5,5',
      'a.wav,Wrong,,one,',
      '/a.wav,Wrong,,,',
      '../a.wav,Wrong,,,',
      'a.wav,A dog barks,,,',
    ].join('\n'),
    'a.wav': 300,
    'sub/b c.wav': 400,
    'long.wav': 500,
  })
  const dataset = captionedFolder(folder, { template: 'hear {label}' })
  expect(JSON.parse(JSON.stringify(dataset))).toEqual({
    ...{ name: 'folder', path: folder, template: 'hear {label}' },
  })
  const { clips, problems } = await dataset.load()
  const long = join(folder, 'long.wav')
  expect(clips).toEqual([
    { id: 'a.wav', path: join(folder, 'a.wav'), captions: ['A dog barks'], labels: [] },
    {
      id: 'sub/b c.wav',
      path: join(folder, 'sub', 'b c.wav'),
      captions: ['hear dog bark, rain', 'A dog, in the rain'],
      labels: ['dog bark', 'rain'],
    },
    {
      ...{ id: 'long.wav#0-2.5', path: long, captions: ['First'], labels: [] },
      ...{ startSeconds: 0, endSeconds: 2.5 },
    },
    {
      ...{ id: 'long.wav#2.5-', path: long, captions: ['Second', 'Also second'], labels: [] },
      startSeconds: 2.5,
    },
  ])
  expect(problems.map(({ kind, path, reason }) => [kind, path.split(':')[1], reason])).toEqual([
    ['row', '9', 'has no caption and no label'],
    ['row', '10', 'ends at 5 s, which is not behind its start at 5 s'],
    ['row', '11', 'start and end are not numbers of seconds'],
    ['row', '12', expect.stringMatching(/absolute path/)],
    ['row', '13', expect.stringMatching(/outside the folder/)],
    ['missing', undefined, 'there is no such file'],
  ])
})

test('captions.jsonl: the same in JSON Lines', async () => {
  const lines = [
    '{"file": "a.wav", "caption": "A dog\\nbarks", "start": 0.5, "end": 1}',
    '',
    '{"file_name": "b.wav", "text": "Rain", "labels": ["rain", "wind"]}',
    '{"file": "b.wav", "captions": ["Rain", "It pours"]}',
    '{"file": "c.wav", "label": "sea_waves"}',
    '{"file": "c.wav"',
    '"c.wav"',
    'null',
    '{"caption": "No file"}',
    '{"file": "c.wav", "caption": 7}',
    '{"file": "c.wav", "caption": "x", "start": -1}',
    '{"file": "c.wav", "caption": null}',
    '{"file": "../c.wav", "caption": "x"}',
    `{"file": "c.wav", "caption": "${'x'.repeat(70_000)}"}`,
  ]
  const folder = work.folder({
    'captions.jsonl': `\ufeff${lines.join('\r\n')}`,
    ...{ 'a.wav': 1, 'b.wav': 2, 'c.wav': 3 },
  })
  const { clips, problems } = await captionedFolder(folder).load()
  expect(clips.map(({ id, captions, labels }) => [id, captions, labels])).toEqual([
    ['a.wav#0.5-1', ['A dog barks'], []],
    ['b.wav', ['Rain', 'It pours'], ['rain', 'wind']],
    ['c.wav', ['This is a sound of sea waves.'], ['sea waves']],
  ])
  expect(problems.map(({ path, reason }) => [path.split(':')[1], reason])).toEqual([
    ['6', expect.stringMatching(/^is not JSON/)],
    ['7', 'is not an object'],
    ['8', 'is not an object'],
    ['9', 'names no file'],
    ['10', 'has a caption or label that is not text'],
    ['11', 'start and end are not numbers of seconds'],
    ['12', 'has no caption and no label'],
    ['13', expect.stringMatching(/outside the folder/)],
    ['14', 'is longer than 65536 bytes'],
  ])
})

test.each([
  ['metadata.csv', 'file_name,text\nx.wav,A cat\n'],
  ['metadata.jsonl', '{"file_name":"x.wav","text":"A cat"}'],
])('%s, as other tools have it', async (name, text) => {
  const folder = work.folder({ [name]: text, 'x.wav': 300 })
  const { clips } = await captionedFolder(folder).load()
  expect(clips).toMatchObject([{ id: 'x.wav', captions: ['A cat'] }])
})

test('a list with a name of its own', async () => {
  const folder = work.folder({ 'lists/val.CSV': 'path,label\nx.wav,cat', 'x.wav': 300 })
  const dataset = captionedFolder(folder, { captions: 'lists/val.CSV' })
  expect(dataset.list).toBe('lists/val.CSV')
  expect((await dataset.load()).clips).toMatchObject([{ captions: ['This is a sound of cat.'] }])
})

test('what is refused', async () => {
  const folder = work.folder({ 'captions.csv': 'file,words\nx.wav,cat', 'captions.jsonl': '' })
  expect(await refusal(() => captionedFolder(folder).load())).toMatch(
    /has no column caption or text or label or labels; its first row: file, words/,
  )
  const open = (captions: string) => captionedFolder(folder, { captions })
  expect(await refusal(() => open('captions.jsonl').load())).toMatch(/captions.jsonl is empty/)
  expect(await refusal(() => open('other.csv').load())).toMatch(/there is no other.csv in it/)
  for (const path of ['../x.csv', '/x.csv', 'x.txt', '']) {
    expect(await refusal(() => open(path))).toMatch(/^captions: expected the path of a \.csv/)
  }
  const nothing = work.folder({ 'x.wav': 300 })
  expect(await refusal(() => captionedFolder(nothing).load())).toMatch(
    /is not a folder with captions: there is no captions.csv or captions.jsonl or metadata.csv/,
  )
  const lines = work.folder({ 'captions.jsonl': '{}\n{}' })
  await expect(captionedFolder(lines).load(AbortSignal.abort())).rejects.toThrow(AbortError)
})
