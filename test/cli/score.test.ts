import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { clipCsv } from '../../lib/cli/clip-csv.js'
import { tinyModel } from '../models'
import { narrowWeights, scratch, sound, writeSounds } from '../score/fixture.js'
import { compileLibrary, runCli, start } from './run-cli.js'

const work = scratch()
const at = (name: string) => join(work.path, name)
let args: string[]

beforeAll(() => {
  compileLibrary()
  const { panns, vggish } = narrowWeights()
  const generated = writeSounds(work.path, 'generated', 11)
  const reference = writeSounds(work.path, 'reference', 11, 1.3)
  writeFileSync(join(generated, 'notes.txt'), 'hidden among sounds')
  const weights = ['--panns', panns, '--vggish', vggish]
  args = ['score', generated, reference, ...weights, '--device', 'cpu', '--cache-dir', at('cache')]
})
afterAll(work.remove)

test('a page about the result, in a folder that it makes', async () => {
  const html = at('new folder/report.html')
  const { code, stdout } = await runCli([...args, '--html', html, '--json'])
  expect(code).toBe(0)
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({ html, metrics: { fd: expect.any(Number) } })
  expect(result).not.toHaveProperty('clips')
  expect(readFileSync(html, 'utf8')).toContain('<h2>KL, softmax</h2>')
})

test('a table for people, and the skipped files beside it', async () => {
  const { code, stdout, stderr } = await runCli([...args, '--per-clip', at('clips.csv')])
  expect(code).toBe(0)
  const lines = stdout.trim().split('\n')
  expect(lines[0]).toMatch(/^metric +value +generated +reference$/)
  expect(lines[1]).toMatch(/^fd +[\d.]+ +11 +11$/)
  expect(lines[2]).toMatch(/^fad +[\d.]+ +11 \(\d+ patches\) +11 \(\d+ patches\)$/)
  expect(lines[3]).toMatch(/^is +[\d.]+ ± [\d.e-]+ +11$/)
  expect(lines[4]).toMatch(/^kl softmax +[\d.e-]+ +11 pairs$/)
  expect(lines[6]).toBe(
    'note: fd: 11 clips are few for 64 dimensions: it is too high, and compares only with sets of as many',
  )
  expect(lines.at(-1)).toMatch(
    /^protocol: cnn14-16k at 16000 Hz \([0-9a-f]{8}\); vggish .* float32 on cpu/,
  )
  expect(stderr).toContain('notes.txt: not a sound file (.txt)')
  const table = readFileSync(at('clips.csv'), 'utf8').trim().split('\r\n')
  expect(table).toHaveLength(12)
  expect(table[0]).toMatch(
    /^name,duration_seconds,sample_rate,channels,skipped,pair,fad,kl_softmax/,
  )
  expect(table[1]).toMatch(/^clip00\.wav,0\.4,16000,1,,\S+clip00\.wav,[\d.]+,/)
})

test('one JSON document, with everything that a script needs', async () => {
  const stats = at('reference.safetensors')
  const { code, stdout } = await runCli([...args, '--json', '--save-stats', stats])
  expect(code).toBe(0)
  const result = JSON.parse(stdout)
  expect(Object.keys(result.metrics)).toEqual(['fd', 'fad', 'is', 'kl'])
  expect(result.metrics.is).toEqual({ mean: expect.any(Number), std: expect.any(Number) })
  expect(result.metrics.kl).toEqual({ softmax: expect.any(Number), sigmoid: expect.any(Number) })
  expect(result.generated).toMatchObject({
    count: 11,
    skipped: [{ path: expect.stringContaining('notes.txt'), reason: 'not a sound file (.txt)' }],
  })
  expect(result.reference).toMatchObject({ count: 11, skipped: [] })
  expect(result.protocol).toMatchObject({ mono: 'first-channel', ddof: 1, pairing: 'name' })
  expect(result.statistics).toBe(stats)
  expect(existsSync(stats)).toBe(true)
})

test('the output of generate says which prompt belongs to which clip', async () => {
  const model = tinyModel
  const out = at('made')
  const prompts = at('prompts.txt')
  writeFileSync(prompts, 'rain\na dog barking\n')
  const made = ['--prompts', prompts, '--duration', '0.5', '--steps', '2', '--count', '2']
  const device = ['--device', 'cpu', '--json']
  const generated = await runCli(['generate', ...made, '--out', out, '--seed', '1', ...device])
  expect(generated.code).toBe(0)
  const manifest = at('made.json')
  writeFileSync(manifest, generated.stdout)
  const clap = ['--clap', model, '--prompts', manifest, '--per-clip', at('made.csv')]
  const flags = ['--device', 'cpu', '--cache-dir', at('cache')]

  const json = await runCli(['score', out, ...clap, ...flags, '--metrics', 'clap', '--json'])
  expect(json.code).toBe(0)
  const { metrics, prompts: used, warnings } = JSON.parse(json.stdout)
  expect(metrics).toEqual({ clap: { mean: expect.any(Number), std: expect.any(Number) } })
  expect(used).toEqual({ count: 4, skipped: [], unused: 0 })
  expect(warnings).toEqual([expect.stringContaining('has random weights')])
  const [header, ...rows] = readFileSync(at('made.csv'), 'utf8').trim().split('\r\n')
  const columns = header.split(',')
  const cells = rows.map((row) => row.split(','))
  const column = (name: string) => cells.map((row) => row[columns.indexOf(name)])
  expect(column('prompt')).toEqual(['rain', 'a dog barking', 'rain', 'a dog barking'])
  const mean = column('clap').reduce((sum, value) => sum + Number(value) / 4, 0)
  expect(mean).toBeCloseTo(metrics.clap.mean, 12)

  const fd = ['--backbone', 'clap', '--metrics', 'fd,clap']
  const table = await runCli(['score', out, out, ...clap, ...flags, ...fd])
  expect(table.code).toBe(0)
  const lines = table.stdout.trim().split('\n')
  expect(lines[1]).toMatch(/^fd +[\d.e-]+ +4 +4$/)
  expect(lines[2]).toMatch(/^clap +-?[\d.e-]+ ± [\d.e-]+ +4 prompts$/)
  expect(lines.at(-1)).toMatch(
    /^protocol: clap at 48000 Hz \([0-9a-f]{8}\); first-channel, sinc; repeatpad to 480000 samples; /,
  )

  const bad = await runCli(['score', out, '--clap', model, '--prompts', prompts, '--json'])
  expect(bad.code).toBe(2)
  expect(JSON.parse(bad.stdout).error.message).toMatch(/2 prompts and 4 clips cannot be paired/)
})

test('the protocol of pairs of waveforms says nothing of networks', async () => {
  const [generated, reference] = args.slice(1)
  const { stdout } = await runCli(['score', generated, reference, '--metrics', 'lsd'])
  expect(stdout).toMatch(/^protocol: first-channel, sinc; mean removed; float32 on /m)
})

test('of three clips, kid has no deviation and lsd says what silence does to it', async () => {
  const { samples, sampleRate } = sound(4)
  samples.fill(0, samples.length / 2)
  mkdirSync(at('silent'))
  for (const name of ['a.wav', 'b.wav', 'c.wav']) {
    writeFileSync(join(at('silent'), name), encodeWav(samples, sampleRate))
  }
  const given = ['score', at('silent'), at('silent'), ...args.slice(3), '--metrics', 'kid,lsd']
  const note =
    'lsd counts digital silence as far apart even where it is the same: 3 of 3 pairs have'
  const table = (await runCli(given)).stdout.trim().split('\n')
  expect(table[1]).toMatch(/^kid +-?[\d.e-]+ +3 +3$/)
  expect(table[2]).toMatch(/^lsd +[\d.]+ +3 pairs$/)
  expect(table[3]).toContain(`note: ${note}`)
  expect(table[4]).toMatch(/^protocol: /)
  const { metrics, warnings } = JSON.parse((await runCli([...given, '--json'])).stdout)
  expect(metrics.kid).toEqual({ mean: expect.any(Number), std: null })
  expect(warnings).toEqual([expect.stringContaining('random weights'), `${note} some`])
})

test('lists of files, and the exit codes of what cannot be done', async () => {
  const [command, , , ...flags] = args
  const list = (name: string, folder: string) => {
    const names = Array.from({ length: 3 }, (_, i) => `${folder}/clip0${i}.wav`)
    writeFileSync(at(name), `${names.join('\r\n')}\r\n\r\n`)
    return at(name)
  }
  const lists = [list('a.txt', 'generated'), list('b.txt', 'reference')]
  const { code, stdout } = await runCli([command, ...lists, ...flags, '--metrics', 'fd', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).generated).toEqual({ count: 3, skipped: [] })

  const refused = async (...given: string[]) => {
    const run = await runCli([command, ...given, '--json'])
    expect(run.code).toBe(2)
    return JSON.parse(run.stdout).error.message as string
  }
  const [generated, reference] = args.slice(1)
  const other = ['--metrics', 'fd', '--backbone', 'cnn14-32k']
  expect(await refused(generated, reference, ...other)).toMatch(/^--panns: fd needs/)
  expect(await refused(at('none'), reference, ...flags)).toMatch(/^GENERATED: there is no file/)
  expect(await refused(generated, reference, '--metrics', 'fd,ear')).toMatch(/^--metrics: expected/)
  expect(await refused(generated, reference, '--batch-size', 'x')).toMatch(
    /^--batch-size: expected/,
  )
  expect(await refused()).toContain("missing required argument 'generated'")
})

test('intervals stand beside the numbers', async () => {
  const given = [...args, '--metrics', 'fd,kl,kad', '--bootstrap', '200']
  const table = (await runCli(given)).stdout.trim().split('\n')
  expect(table[0]).toMatch(/^metric +value +95 % interval +generated +reference$/)
  expect(table[1]).toMatch(/^fd +[\d.]+ +-?[\d.]+ … [\d.]+ +11 +11$/)
  expect(table[2]).toMatch(/^fd at infinity +-?[\d.]+ +-?[\d.]+ … -?[\d.]+ +11 +11$/)
  expect(table[3]).toMatch(/^kl softmax +[\d.e-]+ +[\d.e-]+ … [\d.e-]+ +11 pairs$/)
  expect(table[5]).toMatch(/^kad +-?[\d.]+ +-?[\d.]+ … -?[\d.]+ +11 +11$/)
  expect(table.slice(6, -1).every((line) => line.startsWith('note: fd: '))).toBe(true)
  expect(table.at(-1)).toMatch(/^protocol: .*; intervals of 95 %, 200 samples, seed 2020; /)
  const json = JSON.parse((await runCli([...given, '--bootstrap-seed', '3', '--json'])).stdout)
  expect(json.intervals.kad).toEqual({ low: expect.any(Number), high: expect.any(Number) })
  expect(json.intervals.kl.softmax).toEqual(json.intervals.kl.softmax)
  expect(json.protocol.intervals.seed).toBe(3)
})

test('two sets and a reference: which is better', async () => {
  const [command, generated, reference, ...flags] = args
  const sets = [generated, reference, reference]
  const given = [command, '--compare', ...sets, ...flags, '--bootstrap', '200']
  const { code, stdout } = await runCli([...given, '--metrics', 'kad,kl,fad'])
  expect(code).toBe(0)
  const lines = stdout.trim().split('\n')
  expect(lines[0]).toMatch(/^metric +A +B +A − B +interval$/)
  expect(lines[1]).toMatch(
    /^fad at infinity( +-?[\d.e-]+){3} +-?[\d.e-]+ … -?[\d.e-]+ +B is better$/,
  )
  expect(lines.find((line) => line.startsWith('kl softmax'))).toMatch(/B is better$/)
  expect(stdout).toMatch(/^A: 11 clips, B: 11, in pairs, beside 11 of the reference$/m)
  const json = JSON.parse((await runCli([...given, '--metrics', 'kl', '--json'])).stdout)
  expect(json.differences.kl.softmax).toMatchObject({ better: 'b', verdict: 'B is better' })
  expect(json).toMatchObject({ paired: true, a: { count: 11 }, b: { count: 11 } })

  const refused = async (...wrong: string[]) => {
    const run = await runCli([command, ...wrong, ...flags, '--json'])
    expect(run.code).toBe(2)
    return JSON.parse(run.stdout).error.message as string
  }
  expect(await refused('--compare', generated)).toContain('--compare takes two sets')
  expect(await refused(...sets)).toContain('three sets are for --compare')
  expect(await refused('--compare', ...sets, '--per-clip', at('x.csv'))).toContain('--per-clip is')
  expect(await refused('--compare', at('none'), ...sets.slice(1))).toMatch(/^A: there is no file/)
})

test('an interrupt ends it with 130', async () => {
  const [child, ended] = start([...args, '--no-cache'])
  child.stderr?.once('data', () => child.kill('SIGINT'))
  const { code, stdout } = await ended
  expect(code).toBe(130)
  expect(stdout).toBe('')
})

test('cells of a table are quoted, and never formulas', () => {
  const csv = clipCsv([
    { name: '=cmd|"x"!A1', path: '' },
    { name: 'a,b\n', path: '', skipped: 'has no samples' },
    { name: 'x', path: '', klSoftmax: -0.5 },
  ])
  const [, ...lines] = csv.split('\r\n')
  expect(lines[0]).toMatch(/^"'=cmd\|""x""!A1",/)
  expect(lines[1]).toMatch(/^"a,b\n",,,,has no samples,/)
  expect(lines[2]).toContain(',-0.5,')
})
