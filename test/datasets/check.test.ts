import { linkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { checkDataset } from '../../lib/datasets/check.js'
import type { DatasetProblem } from '../../lib/datasets/dataset.js'
import { esc50 } from '../../lib/datasets/esc50.js'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { urbanSound8K } from '../../lib/datasets/urbansound8k.js'
import { AbortError } from '../../lib/errors.js'
import { compileLibrary, runCli, start } from '../cli/run-cli.js'
import { refusal, scratch, tone } from './fixture.js'

const work = scratch()
beforeAll(compileLibrary)
afterAll(work.remove)

/** UrbanSound8K mixes rates, depths and channels. */
function makeUs8k(): string {
  const left = new Float32Array(22050).fill(0.1)
  const list = [
    'slice_file_name,fsID,start,end,salience,fold,classID,class',
    '1-3-0-0.wav,1,0,1,1,1,3,dog_bark',
    '2-3-0-0.wav,2,0,1,1,1,3,dog_bark',
    '3-9-0-0.wav,3,0,1,1,2,9,street_music',
    '4-9-0-0.wav,4,0,1,1,2,9,street_music',
    '5-9-0-0.wav,5,0,1,1,2,9,street_music',
    '6-9-0-0.wav,6,0,1,1,2,9,street_music',
    'bad.wav,6,0,1,1,x,9,street_music',
  ]
  return work.folder({
    'metadata/UrbanSound8K.csv': list.join('\n'),
    'audio/fold1/1-3-0-0.wav': encodeWav([left, left], 44100, 'float32'),
    'audio/fold1/2-3-0-0.wav': tone(440, 0.05, 8000),
    'audio/fold2/3-9-0-0.wav': tone(440, 0.05, 8000),
    'audio/fold2/4-9-0-0.wav': encodeWav(new Float32Array(4000), 16000),
    'audio/fold2/5-9-0-0.wav': 'this is no sound',
  })
}

test('the report counts what there is, and names what is wrong', async () => {
  const folder = makeUs8k()
  const at = (name: string) => join(folder, 'audio', name)
  const job = checkDataset(urbanSound8K(folder))
  const problems: DatasetProblem[] = []
  let last: unknown
  for await (const event of job) {
    if (event.type === 'step') last = event
    else problems.push({ kind: event.kind, path: event.path, reason: event.reason })
  }
  expect(last).toEqual({ type: 'step', done: 5, total: 5 })
  expect(problems.map(({ kind, path, reason }) => [kind, path, reason])).toEqual([
    ['row', `${join(folder, 'metadata', 'UrbanSound8K.csv')}:8`, "the fold is 'x'"],
    ['missing', at('fold2/6-9-0-0.wav'), 'there is no such file'],
    ['unreadable', at('fold2/5-9-0-0.wav'), 'is text, not sound'],
  ])
  const report = await job
  expect(report).toEqual({
    ...{ name: 'urbansound8k', path: folder, template: 'This is a sound of {label}.' },
    ...{ clips: 4, captions: 4 },
    labels: { 'dog bark': 2, 'street music': 2 },
    clipsByFold: { 1: 2, 2: 2 },
    seconds: { total: expect.closeTo(0.85, 9), shortest: 0.05, longest: 0.5 },
    sampleRates: { 8000: 2, 16000: 1, 44100: 1 },
    channels: { 1: 3, 2: 1 },
    silent: [at('fold2/4-9-0-0.wav')],
    duplicates: [[at('fold1/2-3-0-0.wav'), at('fold2/3-9-0-0.wav')]],
    ...{ missing: 1, unreadable: 1, rows: 1 },
    problems,
  })
})

test('parts of a file are clips of their own length', async () => {
  const folder = work.folder({
    'captions.csv': 'file,caption,start,end\na.wav,One,0,0.25\na.wav,Two,0.5,9\na.wav,Three,2,3\n',
    'a.wav': tone(300, 1),
  })
  const report = await checkDataset(captionedFolder(folder))
  expect(report).toMatchObject({ clips: 2, captions: 2, unreadable: 1, labels: {} })
  expect(report.seconds).toEqual({ total: 0.75, shortest: 0.25, longest: 0.5 })
  expect(report.problems[0].reason).toBe('has 1 s, and clip a.wav#2-3 begins at 2 s')
  expect(report.duplicates).toEqual([])
})

test('it can be stopped', async () => {
  const folder = makeUs8k()
  await expect(checkDataset(urbanSound8K(folder), { signal: AbortSignal.abort() })).rejects.toThrow(
    AbortError,
  )
  const job = checkDataset(urbanSound8K(folder))
  for await (const event of job) {
    // The first problem is known before any file is read.
    if (event.type === 'problem') break
  }
  job.abort()
  await expect(job).rejects.toThrow(AbortError)
  expect(await refusal(() => checkDataset('x' as never))).toMatch(/^dataset: expected a data set/)
})

test('a list of which nothing is there is a report, too', async () => {
  const folder = work.folder({ 'meta/esc50.csv': 'filename,fold,category\nx.wav,1,dog\n' })
  const report = await checkDataset(esc50(folder))
  expect(report).toMatchObject({ clips: 0, missing: 1, seconds: { total: 0, shortest: 0 } })
})

test('dataset check: the report on stdout, problems on stderr, and 1', async () => {
  const folder = makeUs8k()
  const { code, stdout, stderr } = await runCli(['dataset', 'check', folder])
  expect(code).toBe(1)
  expect(stdout.split('\n')[0]).toBe(`UrbanSound8K: ${folder}`)
  expect(stdout).toContain('clips          4 with 4 captions')
  expect(stdout).toContain('labels         dog bark: 2, street music: 2')
  expect(stdout).toContain('length         0.05 to 0.50 s, 0.21 s on average')
  expect(stdout).toContain('rates          8000 Hz: 2, 16000 Hz: 1, 44100 Hz: 1')
  expect(stderr).toContain(`missing: ${join(folder, 'audio/fold2/6-9-0-0.wav')}: there is no such`)
  expect(stderr).toContain('unreadable: ')
})

test('dataset check --json: one document; 0 when nothing is wrong', async () => {
  const folder = work.folder({
    'meta/esc50.csv': 'filename,fold,category\nx.wav,1,dog\ny.wav,2,\u0007cat\n',
    ...{ 'audio/x.wav': 300, 'audio/y.wav': 400 },
  })
  const { code, stdout, stderr } = await runCli(['dataset', 'check', folder, '--json'])
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toMatchObject({ name: 'esc50', clips: 2, problems: [] })
  const one = await runCli(['dataset', 'check', `esc50:${folder}?folds=2&template=a {label}`])
  expect(one.code).toBe(0)
  expect(one.stdout).toMatch(
    /^ESC-50, folds 2: .*\n {2}template {7}a \{label\}\n {2}clips {10}1 with/,
  )
})

test('dataset check: wrong usage and what is no data set, 2', async () => {
  for (const [args, message] of [
    [['check'], /missing required argument/],
    [[], /a command is missing/],
    [['chekc', 'x'], /unknown command 'chekc'/],
    [['check', join(work.path, 'nowhere')], /there is no folder/],
    [['check', work.path], /has none of the lists/],
    [['check', 'esc51:x'], /no kind of data set named 'esc51'/],
    [['check', 'esc50:x?folds=a'], /^folds\[0\]/],
  ] as const) {
    const { code, stdout } = await runCli(['dataset', ...args, '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout).error.message).toMatch(message)
  }
  const help = await runCli(['dataset', 'check', '--help'])
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('esc50:DIR?folds=1,2')])
})

test('dataset check ends when it is interrupted, with 130', async () => {
  const names = Array.from({ length: 3000 }, (_, i) => `${i}.wav`)
  const list = [
    'filename,fold,category',
    'lost.wav,1,dog',
    ...names.map((name) => `${name},1,dog`),
  ].join('\n')
  const folder = work.folder({ 'meta/esc50.csv': list, 'audio/0.wav': tone(100, 3, 44100) })
  const at = (name: string) => join(folder, 'audio', name)
  for (const name of names.slice(1)) linkSync(at('0.wav'), at(name))
  const [child, done] = start(['dataset', 'check', folder])
  // The missing file is told before any is read.
  child.stderr?.once('data', () => child.kill('SIGINT'))
  const { code, stdout } = await done
  expect([code, stdout]).toEqual([130, ''])
})
