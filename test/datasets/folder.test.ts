import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkDataset } from '../../lib/datasets/check.js'
import { detectDataset } from '../../lib/datasets/detect.js'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { parseDatasetSpec } from '../../lib/datasets/spec.js'
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
    ['row', '11', 'start is not a number of seconds'],
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
    ['11', 'start is not a number of seconds'],
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

test.each([
  ['captions.csv', 'audio,caption\nx.wav,A cat\n'],
  ['captions.csv', 'id,audio_filepath,text,duration\n1,x.wav,A cat,0.1\n'],
  ['captions.csv', 'wav,caption\n./x.wav,A cat\n'],
  ['captions.jsonl', '{"audio":"x.wav","caption":"A cat"}'],
  ['captions.jsonl', '{"audio_filepath":"x.wav","text":"A cat","duration":0.1}'],
  ['captions.jsonl', '{"wav":"x.wav","captions":["A cat"]}'],
])('%s, as training code writes it: %s', async (name, text) => {
  const folder = work.folder({ [name]: text, 'x.wav': 300 })
  const { clips, problems } = await captionedFolder(folder).load()
  expect(clips).toEqual([
    { id: 'x.wav', path: join(folder, 'x.wav'), captions: ['A cat'], labels: [] },
  ])
  expect(problems).toEqual([])
})

test('a manifest of NeMo, whose offset and duration name a part', async () => {
  const manifest = [
    '{"audio_filepath": "x.wav", "offset": 1.5, "duration": 2, "text": "A cat"}',
    '{"audio_filepath": "x.wav", "offset": 4, "text": "A dog"}',
    '{"audio_filepath": "x.wav", "duration": 9, "text": "Both"}',
    '{"audio_filepath": "x.wav", "offset": "one", "duration": 2, "text": "A cat"}',
  ].join('\n')
  const folder = work.folder({
    ...{ 'train_manifest.json': manifest, 'x.wav': 300 },
    'captions.csv':
      'audio,text,offset,duration\nx.wav,A cat,1.5,2\nx.wav,A dog,4,\nx.wav,Both,,9\n',
  })
  const json = await captionedFolder(folder, { captions: 'train_manifest.json' }).load()
  expect(json.clips.map(({ id, captions }) => [id, ...captions])).toEqual([
    ['x.wav#1.5-3.5', 'A cat'],
    ['x.wav#4-', 'A dog'],
    ['x.wav', 'Both'],
  ])
  expect(json.problems).toMatchObject([
    { kind: 'row', reason: 'offset is not a number of seconds' },
  ])
  expect((await captionedFolder(folder).load()).clips).toEqual(json.clips)
})

describe('absolute paths', () => {
  const elsewhere = work.folder({ 'a.wav': 300, 'b.wav': 400 })
  const folder = work.folder({ 'x.wav': 500, 'captions.csv': '' })
  const rows = [
    'file,caption',
    `${elsewhere}/a.wav,One`,
    `${elsewhere}/../${basename(elsewhere)}/b.wav,Two`,
    `${folder}/./x.wav,Three`,
    'x.wav,Three again',
    `${elsewhere}/lost.wav,Four`,
    '../a.wav,Five',
    'C:\\a.wav,Six',
  ]
  writeFileSync(join(folder, 'captions.csv'), rows.join('\n'))

  test('are refused, and the option that allows them is named as it is written there', async () => {
    for (const [dataset, how] of [
      [captionedFolder(folder), 'absolute: true'],
      [captionedFolder(folder, { absolute: false }), 'absolute: true'],
      [parseDatasetSpec(`folder:${folder}`), 'folder:DIR?absolute=true'],
      [parseDatasetSpec(`folder:${folder}?absolute=false`), 'folder:DIR?absolute=true'],
      [await detectDataset(folder), 'folder:DIR?absolute=true'],
    ] as const) {
      const { clips, problems } = await dataset.load()
      expect(clips.map(({ id }) => id)).toEqual(['x.wav'])
      expect(problems.map(({ kind, reason }) => [kind, reason])).toEqual([
        ...[`${elsewhere}/a.wav`, `${elsewhere}/../${basename(elsewhere)}/b.wav`].map(absolute),
        ...[`${folder}/./x.wav`, `${elsewhere}/lost.wav`].map(absolute),
        ['row', 'names ../a.wav, which is outside the folder'],
        ['row', 'names C:\\a.wav by an absolute path of another system'],
      ])
      function absolute(path: string) {
        return ['row', `names ${path} by an absolute path; give ${how} to allow it`]
      }
    }
  })

  test('are taken with it, those within the folder as if relative', async () => {
    for (const dataset of [
      captionedFolder(folder, { absolute: true }),
      parseDatasetSpec(`folder:${folder}?absolute=true`),
    ]) {
      expect(dataset.absolute).toBe(true)
      const { clips, problems } = await dataset.load()
      expect(clips.map(({ id, path, captions }) => [id, path, ...captions])).toEqual([
        [`${elsewhere}/a.wav`, `${elsewhere}/a.wav`, 'One'],
        [`${elsewhere}/b.wav`, `${elsewhere}/b.wav`, 'Two'],
        ['x.wav', join(folder, 'x.wav'), 'Three', 'Three again'],
      ])
      expect(problems.map(({ kind, path, reason }) => [kind, basename(path), reason])).toEqual([
        ['row', 'captions.csv:7', 'names ../a.wav, which is outside the folder'],
        ['row', 'captions.csv:8', 'names C:\\a.wav by an absolute path of another system'],
        ['missing', 'lost.wav', 'there is no such file'],
      ])
    }
    const report = await checkDataset(captionedFolder(folder, { absolute: true }))
    expect(report).toMatchObject({ absolute: true, clips: 3, unreadable: 0 })
  })

  test('what is no file is no clip', async () => {
    const list = 'file,caption\n/dev/zero,One\n/,Two\n/etc,Three\n'
    const devices = captionedFolder(work.folder({ 'captions.csv': list }), { absolute: true })
    expect((await devices.load()).problems.map(({ reason }) => reason)).toEqual([
      ...['names no file', 'is not a file', 'is a folder'],
    ])
  })
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
