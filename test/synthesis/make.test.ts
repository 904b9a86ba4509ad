import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkDataset } from '../../lib/datasets/check.js'
import { esc50 } from '../../lib/datasets/esc50.js'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { AbortError } from '../../lib/errors.js'
import { makeDataset } from '../../lib/synthesis/make.js'
import { classes } from '../../lib/synthesis/registry.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'
import { refusal, scratch } from '../datasets/fixture.js'

const work = scratch()
beforeAll(compileLibrary)
afterAll(work.remove)

const at = (...names: string[]) => join(work.path, ...names)
const few = { clips: 12, classes: ['siren', 'wind', 'heartbeat'], seconds: 0.3, seed: 1 }

/** Every file below a folder with its bytes. */
function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = names
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
  return new Map(
    files.map((path) => [path.slice(folder.length), readFileSync(path).toString('base64')]),
  )
}

test('the layout of ESC-50, of every class', async () => {
  const clips = classes.length + 3
  const result = await makeDataset({ outputDir: at('all'), clips, seconds: 0.2 })
  expect(result).toMatchObject({ path: at('all'), clips, skipped: 0 })
  expect(Object.keys(result.classes)).toEqual(classes.map(({ name }) => name))
  expect([result.classes.church_bell, result.classes.fireworks]).toEqual([2, 1])
  const report = await checkDataset(esc50(at('all')))
  expect(report).toMatchObject({
    ...{ clips, problems: [], silent: [], duplicates: [] },
    clipsByFold: { 1: classes.length, 2: 3 },
    sampleRates: { 44100: clips },
    channels: { 1: clips },
    seconds: { shortest: 0.2, longest: 0.2 },
  })
  expect(Object.keys(report.labels)).toHaveLength(classes.length)
  const [header, first] = readFileSync(at('all', 'meta', 'esc50.csv'), 'utf8').split('\n')
  expect(header).toBe('filename,fold,target,category,esc10,src_file,take')
  expect(first).toBe('1-1000000-A-0.wav,1,0,church_bell,False,1000000,A')
})

test('captions beside the sounds, and captions that are held out', async () => {
  await makeDataset({ ...few, outputDir: at('captions') })
  const { clips, problems } = await captionedFolder(at('captions')).load()
  expect([clips.length, problems]).toEqual([12, []])
  for (const { captions } of clips) expect(captions).toHaveLength(5)
  expect(clips[0].labels).toEqual(['siren'])
  const held = await captionedFolder(at('captions'), { captions: 'held-out.jsonl' }).load()
  expect(held.clips.map(({ id }) => id)).toEqual(clips.map(({ id }) => id))
  const known = new Set(clips.flatMap(({ captions }) => captions))
  for (const { captions } of held.clips) {
    expect(captions).toHaveLength(2)
    for (const caption of captions) expect(known).not.toContain(caption)
  }
  const [line] = readFileSync(at('captions', 'captions.jsonl'), 'utf8').split('\n')
  const { pitch, rate, distance } = JSON.parse(line).attributes
  expect(['low', 'medium', 'high']).toContain(pitch)
  expect(['slow', 'medium', 'fast']).toContain(rate)
  expect(['near', 'medium', 'far']).toContain(distance)
})

test('the same bytes again, also among more; others with another seed', async () => {
  for (const name of ['once', 'again']) await makeDataset({ ...few, outputDir: at(name) })
  expect(filesOf(at('again'))).toEqual(filesOf(at('once')))
  const others = { classes: ['engine', ...few.classes], clips: 20 }
  await makeDataset({ ...few, ...others, outputDir: at('more') })
  await makeDataset({ ...few, seed: 2, outputDir: at('other') })
  const [more, other] = [filesOf(at('more')), filesOf(at('other'))]
  for (const [name, bytes] of filesOf(at('once'))) {
    if (!name.startsWith('/audio/')) continue
    expect(more.get(name), name).toBe(bytes)
    expect(other.get(name), name).not.toBe(bytes)
  }
})

test('it can be stopped, and goes on where it was', async () => {
  await makeDataset({ ...few, outputDir: at('whole') })
  const job = makeDataset({ ...few, outputDir: at('stopped') })
  for await (const { done, total } of job) {
    expect(total).toBe(12)
    if (done >= 5) break
  }
  job.abort()
  await expect(job).rejects.toThrow(AbortError)
  const written = readdirSync(at('stopped', 'audio')).sort()
  expect(written.length).toBeGreaterThanOrEqual(5)
  expect(written.length).toBeLessThan(12)
  expect(readdirSync(at('stopped'))).not.toContain('captions.jsonl')
  // As a crash may leave it.
  writeFileSync(at('stopped', 'audio', written[0]), 'RIFF')
  const { skipped } = await makeDataset({ ...few, outputDir: at('stopped') })
  expect(skipped).toBe(written.length - 1)
  expect(filesOf(at('stopped'))).toEqual(filesOf(at('whole')))
  expect((await makeDataset({ ...few, outputDir: at('stopped') })).skipped).toBe(12)
})

test('a folder with anything else in it is refused and left alone', async () => {
  await makeDataset({ ...few, outputDir: at('mine') })
  const before = filesOf(at('mine'))
  const made = (options: object) => refusal(() => makeDataset({ ...few, ...options } as never))
  const other = `outputDir: ${at('mine')} has a data set made with other options`
  for (const changed of [{ seed: 2 }, { clips: 13 }, { seconds: 0.4 }, { classes: ['siren'] }]) {
    expect(await made({ outputDir: at('mine'), ...changed })).toBe(other)
  }
  expect(filesOf(at('mine'))).toEqual(before)
  mkdirSync(at('full'))
  writeFileSync(at('full', 'thesis.txt'), 'mine')
  expect(await made({ outputDir: at('full') })).toBe(`outputDir: ${at('full')} is not empty`)
  expect(readdirSync(at('full'))).toEqual(['thesis.txt'])
})

test.each<[object, RegExp]>([
  [{ clips: 0 }, /^clips: expected a whole number from 1 to 1000000, got 0$/],
  [{ clips: undefined }, /^clips: expected a whole number/],
  [{ seconds: 0 }, /^seconds: expected a number from 0.1 to 60 s, got 0$/],
  [{ seed: -1 }, /^seed: expected a whole number/],
  [{ classes: [] }, /^classes: expected a list of names of classes/],
  [{ classes: ['siren', 'unicorn'] }, /^classes: there is no class 'unicorn'$/],
  [{ outputDir: '' }, /^outputDir: expected the path of a folder/],
  [{ folds: 3 }, /^folds: there is no such option$/],
])('%j is refused before anything is written', async (options, message) => {
  const all = { ...few, outputDir: at('never'), ...options }
  expect(await refusal(() => makeDataset(all as never))).toMatch(message)
  expect(readdirSync(work.path)).not.toContain('never')
})

test('dataset make: what was made on stdout, exit codes', async () => {
  const make = ['dataset', 'make', at('cli'), '--seconds', '0.2', '--classes', 'siren, wind']
  const made = await runCli([...make, '--clips', '3', '--seed', '7', '--json'])
  expect([made.code, made.stderr]).toEqual([0, ''])
  const classCounts = { siren: 2, wind: 1 }
  const result = { path: at('cli'), clips: 3, classes: classCounts, skipped: 0 }
  expect(JSON.parse(made.stdout)).toEqual(result)
  rmSync(at('cli', 'audio', '1-4000000-A-3.wav'))
  const again = await runCli([...make, '--clips', '3', '--seed', '7'])
  expect(again.stdout).toBe(`3 clips of 2 classes in ${at('cli')}, of which 2 were there\n`)
  const other = await runCli([...make, '--clips', '4', '--seed', '7'])
  expect([other.code, other.stdout]).toEqual([2, ''])
  expect(other.stderr).toContain('has a data set made with other options')
  expect((await runCli(make)).stderr).toContain("required option '--clips <n>' not specified")
  expect((await runCli([...make, '--clips', 'many'])).code).toBe(2)
})
