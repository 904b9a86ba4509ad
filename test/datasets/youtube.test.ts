import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { audioCaps } from '../../lib/datasets/audiocaps.js'
import { audioSet } from '../../lib/datasets/audioset.js'
import { refusal, scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const audioCapsHeader = 'audiocap_id,youtube_id,start_time,caption'

test('AudioCaps: the rows of a clip are its captions, and the last line may lack its end', async () => {
  const folder = work.folder({
    'dataset/test.csv': [
      audioCapsHeader,
      '97151,vfY_TJq7n_U,130,Rustling occurs, ducks quack and water splashes',
      '97152,vfY_TJq7n_U,130,"Ducks quack, and ""water"" splashes"',
      '97153,tDVADusiIoc,60,An engine  running',
      '97154,vfY_TJq7n_U,130,Ducks are quacking',
      '97155,tDVADusiIoc,60,',
      '97156,-short,60,A dog',
      '97157,tDVADusiIoc,soon,A dog',
      '97158,zzzzzzzzzzz,30,A lost dog',
      '97159,zzzzzzzzzzz,30,A lost hound',
    ].join('\r\n'),
    'audio/YvfY_TJq7n_U.wav': 200,
    'audio/tDVADusiIoc_60.flac': 'x',
    'README.md': '',
  })
  const { clips, problems } = await audioCaps(folder, { split: 'test' }).load()
  expect(clips).toEqual([
    {
      id: 'vfY_TJq7n_U_130',
      path: join(folder, 'audio', 'YvfY_TJq7n_U.wav'),
      captions: ['Ducks quack, and "water" splashes', 'Ducks are quacking'],
      labels: [],
    },
    {
      id: 'tDVADusiIoc_60',
      path: join(folder, 'audio', 'tDVADusiIoc_60.flac'),
      captions: ['An engine running'],
      labels: [],
    },
  ])
  expect(problems.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['row', expect.stringMatching(/has 5 cells, not 4: is a text with commas not in quotes/)],
    ['row', 'has no caption'],
    ['row', "the youtube_id is '-short'"],
    ['row', "the start_time is 'soon'"],
    ['missing', 'there is no file with this id in its name'],
  ])
})

test.each([
  ['Yabcdefghijk.wav', true],
  ['abcdefghijk.mp3', true],
  ['deep/er/Yabcdefghijk.ogg', true],
  ['abcdefghijk_30.m4a', true],
  ['abcdefghijk_30.000_40.000.webm', true],
  ['Yabcdefghijk_30_40.opus', true],
  ['Yabcdefghijk_000030.flac', true],
  ['abcdefghijk_30000.wav', true],
  ['abcdefghijk_40.wav', false],
  ['abcdefghijkl.wav', false],
  ['abcdefghijk.30.wav', false],
  ['abcdefghijk.json', false],
  ['.abcdefghijk.wav', false],
])('a file named %s is the clip abcdefghijk at 30 s: %s', async (name, found) => {
  const folder = work.folder({
    'train.csv': `${audioCapsHeader}\n1,abcdefghijk,30,A dog barks`,
    [`sounds/${name}`]: 300,
  })
  const { clips, problems } = await audioCaps(folder).load()
  expect(clips.map((clip) => clip.path)).toEqual(found ? [join(folder, 'sounds', name)] : [])
  expect(problems.map((problem) => problem.kind)).toEqual(found ? [] : ['missing'])
})

test('ids may begin with Y, hold _ and -, and differ in case alone', async () => {
  const ids = [
    'Yabcdefghij',
    'abcdefghij_',
    '-_-_-_-_-_-',
    'ABCDEFGHIJK',
    'abcdefghijk',
    'YYYYYYYYYYY',
  ]
  const folder = work.folder({
    'train.csv': [audioCapsHeader, ...ids.map((id, i) => `${i},${id},0,sound ${i}`)].join('\n'),
    ...Object.fromEntries(ids.map((id, i) => [`${i % 2 ? 'Y' : ''}${id}.wav`, 300 + i])),
  })
  const { clips } = await audioCaps(folder).load()
  expect(clips.map((clip) => clip.path.slice(folder.length + 1))).toEqual(
    ids.map((id, i) => `${i % 2 ? 'Y' : ''}${id}.wav`),
  )
})

test('a start in the name counts before a name without; of several the first by path', async () => {
  const folder = work.folder({
    'train.csv': `${audioCapsHeader}\n1,abcdefghijk,30,One\n2,abcdefghijk,70,Two\n3,abcdefghijk,90,Three`,
    'a/abcdefghijk_70.wav': 1,
    'b/abcdefghijk_30.wav': 2,
    'b/Yabcdefghijk.wav': 3,
    'c/abcdefghijk_30.wav': 4,
  })
  const { clips } = await audioCaps(folder).load()
  expect(clips.map((clip) => clip.path.slice(folder.length + 1))).toEqual([
    'b/abcdefghijk_30.wav',
    'a/abcdefghijk_70.wav',
    'b/Yabcdefghijk.wav',
  ])
})

test('AudioCaps: JSON lists of the evaluator', async () => {
  const data = [
    { wav: 'Yabcdefghijk.wav', seg_label: 'x.npy', labels: '/m/1,/m/2', caption: 'A dog barks' },
    { wav: '/mnt/there/Yabcdefghij2.wav', labels: '', caption_1: 'One', caption_2: ' Two ' },
    { wav: '../../etc/passwd', caption: 'A secret' },
    { wav: 'Ylost4567890.wav', caption: 'Lost' },
    { wav: 'own name.wav', caption: 'A cat' },
    { wav: 'Yabcdefghijk.wav', caption: '' },
    { wav: 7, caption: 'A dog' },
    null,
    { wav: 'Yabcdefghijk.wav', caption: 'Again' },
  ]
  const folder = work.folder({
    'lists/test.json': JSON.stringify({ data }),
    'metadata/class_labels_indices.csv': 'index,mid,display_name\n0,/m/1,"Dog, bark"\n1,/m/2,Cat\n',
    'Yabcdefghijk.wav': 300,
    'abcdefghij2.flac': 400,
    'more/own name.wav': 500,
  })
  const dataset = audioCaps(folder, { list: 'lists/test.json' })
  expect(JSON.parse(JSON.stringify(dataset))).toEqual({
    ...{ name: 'audiocaps', path: folder, list: 'lists/test.json' },
  })
  const { clips, problems } = await dataset.load()
  expect(clips.map(({ id, captions, labels }) => [id, captions, labels])).toEqual([
    ['Yabcdefghijk.wav', ['A dog barks'], ['Dog, bark', 'Cat']],
    ['Yabcdefghij2.wav', ['One', 'Two'], []],
    ['own name.wav', ['A cat'], []],
  ])
  expect(clips[1].path).toBe(join(folder, 'abcdefghij2.flac'))
  expect(problems.map(({ path, reason }) => [path.slice(folder.length + 1), reason])).toEqual([
    ['passwd', 'there is no file with this name or id'],
    ['Ylost4567890.wav', 'there is no file with this name or id'],
    ['lists/test.json:6', 'Yabcdefghijk.wav has no caption'],
    ['lists/test.json:7', 'has no wav'],
    ['lists/test.json:8', 'has no wav'],
    ['lists/test.json:9', 'lists Yabcdefghijk.wav a second time'],
  ])
})

test('AudioCaps: what is refused', async () => {
  const folder = work.folder({ 'x.json': '{"data": 1}', 'y.json': '{', 'train.csv': 'a,b\n' })
  expect(await refusal(() => audioCaps(folder, { list: 'x.json' }).load())).toMatch(
    /no list of clips/,
  )
  expect(await refusal(() => audioCaps(folder, { list: 'y.json' }).load())).toMatch(/is not JSON/)
  expect(await refusal(() => audioCaps(folder).load())).toMatch(/has no column youtube_id/)
  expect(await refusal(() => audioCaps(folder, { split: 'val' }).load())).toMatch(
    /is not AudioCaps: there is no dataset\/val.csv or val.csv or val.json in it/,
  )
  expect(await refusal(() => audioCaps(folder, { list: '../x.json' }))).toMatch(/^list: /)
  expect(await refusal(() => audioCaps(folder, { list: 'x.txt' }))).toMatch(/^list: /)
  expect(await refusal(() => audioCaps(folder, { list: 'x.json', split: 'val' }))).toMatch(
    /^list: /,
  )
  expect(await refusal(() => audioCaps(folder, { split: 'all' as 'val' }))).toMatch(/^split: /)
})

const segments = [
  '# Segments csv created Sun Mar  5 10:54:31 2017',
  '# num_ytids=22160, num_segs=22160, num_unique_labels=527, num_positive_labels=52882',
  '# YTID, start_seconds, end_seconds, positive_labels',
  '--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"',
  '--ZhevVpy1s, 50.000, 60.000, "/m/012xff"',
  '--aE2O5G5WE, 0.000, 10.000, "/m/03fwl,/m/0nowhere"',
  '--aO5cdqSAg, 30.000, 40.000, ""',
  '--aaILOrkII, 200.000, 210.000, "/m/032s66,/m/073cg4"',
  'nonsense, 30.000, 40.000, "/m/012xff"',
  '--bad_start, x, 40.000, "/m/012xff"',
  '--short_row, 30.000',
]
const labels = [
  'index,mid,display_name',
  '0,/m/09x0r,"Speech"',
  '1,/t/dd00088,"Male speech, man speaking"',
  '2,/m/012xff,"Toothbrush"',
  '3,/m/03fwl,"Goat"',
  '4,/m/032s66,Gunshot',
  '5,/m/073cg4,"Cap gun"',
]

test('AudioSet: labels by their display names, comments and quotes as published', async () => {
  const folder = work.folder({
    'metadata/balanced_train_segments.csv': segments.join('\n'),
    'metadata/class_labels_indices.csv': labels.join('\r\n'),
    'audio/bal_train/--PJHxphWEs.flac': 'x',
    'audio/bal_train/Y--ZhevVpy1s_50.000_60.000.wav': 300,
  })
  const { clips, problems } = await audioSet(folder).load()
  expect(clips).toEqual([
    {
      id: '--PJHxphWEs_30',
      path: join(folder, 'audio/bal_train/--PJHxphWEs.flac'),
      captions: ['This is a sound of Speech, Male speech, man speaking.'],
      labels: ['Speech', 'Male speech, man speaking'],
    },
    {
      id: '--ZhevVpy1s_50',
      path: join(folder, 'audio/bal_train/Y--ZhevVpy1s_50.000_60.000.wav'),
      captions: ['This is a sound of Toothbrush.'],
      labels: ['Toothbrush'],
    },
  ])
  const at = (line: number) => join(folder, `metadata/balanced_train_segments.csv:${line}`)
  expect(problems).toEqual([
    { kind: 'row', path: at(6), reason: "has the unknown label '/m/0nowhere'" },
    { kind: 'row', path: at(7), reason: 'has no labels' },
    {
      ...{ kind: 'missing', path: join(folder, '--aaILOrkII_200') },
      reason: 'there is no file with this id in its name',
    },
    { kind: 'row', path: at(9), reason: "the YTID is 'nonsense'" },
    { kind: 'row', path: at(10), reason: "the start is 'x'" },
    { kind: 'row', path: at(11), reason: 'has 2 cells, not 4' },
  ])
})

test('AudioSet: what is refused', async () => {
  const folder = work.folder({ 'eval_segments.csv': segments.join('\n') })
  expect(await refusal(() => audioSet(folder, { split: 'eval' }).load())).toMatch(
    /there is no class_labels_indices.csv/,
  )
  expect(await refusal(() => audioSet(folder).load())).toMatch(
    /is not AudioSet: there is no balanced_/,
  )
  expect(await refusal(() => audioSet(folder, { split: 'train' as 'eval' }))).toMatch(/^split: /)
  const damaged = work.folder({
    'eval_segments.csv': segments.join('\n'),
    'class_labels_indices.csv': 'index,mid,display_name\n0,/m/09x0r,Male speech, man\n',
  })
  expect(await refusal(() => audioSet(damaged, { split: 'eval' }).load())).toMatch(
    /class_labels_indices.csv:2 has 4 cells, not 3/,
  )
})
