import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { esc50 } from '../../lib/datasets/esc50.js'
import { urbanSound8K } from '../../lib/datasets/urbansound8k.js'
import { AbortError } from '../../lib/errors.js'
import { refusal, scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const esc50Header = 'filename,fold,target,category,esc10,src_file,take'

/** As published, with rows and files of our own. */
function makeEsc50(rows: string[], files: string[]): string {
  const sounds = Object.fromEntries(files.map((name, i) => [`audio/${name}`, 300 + i]))
  return work.folder({ ...sounds, 'meta/esc50.csv': `${[esc50Header, ...rows].join('\n')}\n` })
}

const rows = [
  '1-100032-A-0.wav,1,0,dog,True,100032,A',
  '1-101336-A-30.wav,1,30,door_wood_knock,False,101336,A',
  '2-102106-A-1.wav,2,1,rooster,True,102106,A',
  '5-9032-B-36.wav,5,36,vacuum_cleaner,False,9032,B',
]
const names = rows.map((row) => row.split(',')[0])

test('ESC-50: labels are words, and captions what the template makes of them', async () => {
  const folder = makeEsc50(rows, names)
  const { clips, problems } = await esc50(folder).load()
  expect(problems).toEqual([])
  expect(clips.map((clip) => clip.labels)).toEqual([
    ['dog'],
    ['door wood knock'],
    ['rooster'],
    ['vacuum cleaner'],
  ])
  expect(clips[1]).toEqual({
    id: '1-101336-A-30.wav',
    path: join(folder, 'audio', '1-101336-A-30.wav'),
    captions: ['This is a sound of door wood knock.'],
    labels: ['door wood knock'],
    fold: 1,
  })
})

test('ESC-50: the settings are those of the data set', async () => {
  const folder = makeEsc50(rows, names)
  const dataset = esc50(folder, { folds: [5, 2, 5], template: '{label}, $& and {label}' })
  expect(JSON.parse(JSON.stringify(dataset))).toEqual({
    name: 'esc50',
    path: folder,
    template: '{label}, $& and {label}',
    folds: [2, 5],
  })
  const { clips } = await dataset.load()
  expect(clips.map((clip) => clip.fold)).toEqual([2, 5])
  expect(clips[1].captions).toEqual(['vacuum cleaner, $& and vacuum cleaner'])
})

test('ESC-50: files that are not there are missing, and nothing else is', async () => {
  const folder = makeEsc50(rows, names.slice(0, 2))
  mkdirSync(join(folder, 'audio', names[2]))
  const { clips, problems } = await esc50(folder).load()
  expect(clips.map((clip) => clip.id)).toEqual(names.slice(0, 2))
  expect(problems).toEqual([
    { kind: 'missing', path: join(folder, 'audio', names[2]), reason: 'is a folder' },
    { kind: 'missing', path: join(folder, 'audio', names[3]), reason: 'there is no such file' },
  ])
  expect((await esc50(folder, { folds: [1] }).load()).problems).toEqual([])
})

test('ESC-50: rows that cannot be used are problems with their line', async () => {
  const bad = [
    '../../etc/passwd,1,0,dog,True,1,A',
    '/etc/passwd,1,0,dog,True,1,A',
    'a/../../x.wav,1,0,dog,True,1,A',
    'C:\\x.wav,1,0,dog,True,1,A',
    '..\\x.wav,1,0,dog,True,1,A',
    ',1,0,dog,True,1,A',
    './,1,0,dog,True,1,A',
    'x\0.wav,1,0,dog,True,1,A',
    `${'x'.repeat(5000)},1,0,dog,True,1,A`,
    'x.wav,one,0,dog,True,1,A',
    'x.wav,1,0,,True,1,A',
    'x.wav,1,0',
    'x.wav,1,0,dog,True,1,A,B',
    rows[0],
    'x.wav,1,0,"dog"x,True,1,A',
  ]
  const folder = makeEsc50([...rows, ...bad], names)
  const { clips, problems } = await esc50(folder).load()
  expect(clips).toHaveLength(4)
  const list = join(folder, 'meta', 'esc50.csv')
  expect(problems.map(({ kind, path }) => `${kind} ${path}`)).toEqual(
    bad.map((_, i) => `row ${list}:${i + 6}`),
  )
  expect(problems.map(({ reason }) => reason)).toEqual([
    'names ../../etc/passwd, which is outside the folder',
    'names /etc/passwd by an absolute path; it must be relative to the folder',
    'names a/../../x.wav, which is outside the folder',
    'names C:\\x.wav by an absolute path of another system',
    'names ..\\x.wav, which is outside the folder',
    'names no file',
    'names no file',
    'names a file with control characters',
    'names a file by more than 4096 characters',
    "the fold is 'one'",
    'has no category',
    'has 3 cells, not 7',
    expect.stringMatching(/^has 8 cells, not 7: is a text with commas not in quotes/),
    'lists 1-100032-A-0.wav a second time',
    'there is text behind the closing quote of a cell',
  ])
})

test('ESC-50: as spreadsheets write it', async () => {
  const text = `\ufefftake,Category,FOLD,filename\r\nA,"sea_waves",3,x.wav\r\nA,caf\u00e9,3,y.wav`
  const folder = work.folder({ 'meta/esc50.csv': text, 'audio/x.wav': 200, 'audio/y.wav': 300 })
  const { clips, problems } = await esc50(folder).load()
  expect(problems).toEqual([])
  expect(clips.map((clip) => [clip.id, clip.labels, clip.fold])).toEqual([
    ['x.wav', ['sea waves'], 3],
    ['y.wav', ['café'], 3],
  ])
})

test('ESC-50: text that is not UTF-8 is no label', async () => {
  const row = Buffer.from('y.wav,3,0,caf\xe9,True,1,A\n', 'latin1')
  const bytes = Buffer.concat([Buffer.from(`${esc50Header}\n`), row])
  const folder = work.folder({ 'meta/esc50.csv': bytes, 'audio/y.wav': 300 })
  const { clips, problems } = await esc50(folder).load()
  expect(clips).toEqual([])
  expect(problems).toMatchObject([{ kind: 'row', reason: 'is not UTF-8 text' }])
})

test('ESC-50: links are followed to sounds elsewhere', async () => {
  const elsewhere = makeEsc50(rows, names)
  const folder = makeEsc50(rows, [])
  rmSync(join(folder, 'audio'), { recursive: true, force: true })
  symlinkSync(join(elsewhere, 'audio'), join(folder, 'audio'))
  expect((await esc50(folder).load()).clips).toHaveLength(4)
})

test('what is no data set, and options that do not fit, are refused by name', async () => {
  const folder = makeEsc50(rows, names)
  expect(await refusal(() => esc50('nowhere').load())).toMatch(
    /^dataset: there is no folder .*nowh/,
  )
  expect(await refusal(() => esc50(join(folder, 'meta')).load())).toMatch(
    /^dataset: .* is not ESC-50: there is no meta\/esc50.csv in it$/,
  )
  expect(await refusal(() => urbanSound8K(folder).load())).toMatch(/is not UrbanSound8K/)
  expect(await refusal(() => esc50(folder, { folds: [1, 6] }).load())).toMatch(
    /^folds: .* has no fold 6; there are 1, 2, 5$/,
  )
  const wrong = work.folder({ 'meta/esc50.csv': 'file,fold\nx,1\n' })
  expect(await refusal(() => esc50(wrong).load())).toMatch(
    /has no column filename; its first row: file, fold/,
  )
  const empty = work.folder({ 'meta/esc50.csv': '' })
  expect(await refusal(() => esc50(empty).load())).toMatch(/esc50.csv is empty/)
  const utf16 = work.folder({ 'meta/esc50.csv': Buffer.from('\ufeffa,b\n', 'utf16le') })
  expect(await refusal(() => esc50(utf16).load())).toMatch(/is UTF-16/)
  const nested = work.folder({ 'meta/esc50.csv/x': '' })
  expect(await refusal(() => esc50(nested).load())).toMatch(/is not a file/)
  const pipe = work.folder({ 'meta/x': '' })
  execFileSync('mkfifo', [join(pipe, 'meta', 'esc50.csv')])
  expect(await refusal(() => esc50(pipe).load())).toMatch(/is not a file/)
  expect(await refusal(() => esc50(''))).toMatch(/^dataset: expected the path/)
  expect(await refusal(() => esc50(folder, { template: 'sound' }))).toMatch(
    /^template: .*\{label\}/,
  )
  expect(await refusal(() => esc50(folder, { folds: [] }))).toMatch(/^folds/)
  expect(await refusal(() => esc50(folder, { folds: [1.5] }))).toMatch(/^folds\[0\]/)
  expect(await refusal(() => esc50(folder, { fold: 1 } as object))).toMatch(
    /^fold: there is no such/,
  )
  await expect(esc50(folder).load(AbortSignal.abort())).rejects.toThrow(AbortError)
})

const us8kHeader = 'slice_file_name,fsID,start,end,salience,fold,classID,class'

test('UrbanSound8K: clips lie in the folders of their folds', async () => {
  const list = [
    us8kHeader,
    '100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark',
    '100263-2-0-117.wav,100263,58.5,62.5,1,10,2,children_playing',
    '1-0-0-1.wav,1,0,4,2,1,0,',
    '1-0-0-2.wav,1,0,4,2,1,9,siren',
    '1-0-0-3.wav,1,0,4,2,1,,',
    '1-0-0-4.wav,1,0,4,2,7,6,gun_shot',
    '../fold2/1-0-0-5.wav,1,0,4,2,7,6,gun_shot',
  ].join('\n')
  const folder = work.folder({
    'metadata/UrbanSound8K.csv': list,
    'audio/fold5/100032-3-0-0.wav': 300,
    'audio/fold10/100263-2-0-117.wav': 400,
    'audio/fold1/1-0-0-1.wav': 500,
    'audio/fold1/1-0-0-2.wav': 600,
    'audio/fold1/.DS_Store': 'x',
    'FREESOUNDCREDITS.txt': 'thanks',
  })
  const { clips, problems } = await urbanSound8K(folder, { template: 'a {label}' }).load()
  // Its columns start and end are of the recording that the clip was cut from.
  expect(clips[0]).toEqual({
    id: '100032-3-0-0.wav',
    path: join(folder, 'audio', 'fold5', '100032-3-0-0.wav'),
    captions: ['a dog bark'],
    labels: ['dog bark'],
    fold: 5,
  })
  expect(clips.slice(1).map((clip) => [clip.fold, clip.labels])).toEqual([
    [10, ['children playing']],
    [1, ['air conditioner']],
  ])
  expect(problems.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['row', 'the class is siren, its number 9 is street_music'],
    ['row', 'has no class'],
    ['row', 'names ../fold2/1-0-0-5.wav, which is outside the folder'],
    ['missing', 'there is no such file'],
  ])
  const one = await urbanSound8K(folder, { folds: [10] }).load()
  expect(one.clips.map((clip) => clip.id)).toEqual(['100263-2-0-117.wav'])
})
