/** Folders on the way to a file are made, by every command, and go again where it failed. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { craftVggish, write } from '../backbones/craft.js'
import { narrowWeights, scratch, writeSounds } from '../score/fixture.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = scratch()
const at = (...names: string[]) => join(work.path, ...names)
let sounds: string
let panns: string
let vggish: string

beforeAll(() => {
  compileLibrary()
  sounds = writeSounds(work.path, 'sounds', 4)
  ;({ panns, vggish } = narrowWeights())
})
afterAll(work.remove)

const cpu = ['--device', 'cpu', '--threads', '2']
const quick = ['--steps', '1', '--duration', '0.1', ...cpu]

test('generate: of one clip and its picture', async () => {
  const [out, picture] = [at('new folder', 'deep', 'x.wav'), at('pictures', 'x.png')]
  const args = ['a dog', '--out', out, '--spectrogram', picture, ...quick]
  const run = await runCli(['generate', ...args])
  expect([run.code, run.stdout], run.stderr).toEqual([0, `${out}\n`])
  expect(existsSync(picture)).toBe(true)
})

test('stats, score, curve and import', async () => {
  const reference = at('statistics', 'a', 'reference.safetensors')
  const cache = ['--cache-dir', at('cache'), ...cpu]
  const stats = await runCli(['stats', sounds, '-o', reference, '--vggish', vggish, ...cache])
  expect([stats.code, stats.stdout], stats.stderr).toEqual([0, `${reference}\n`])

  const [csv, saved] = [at('tables', 'clips.csv'), at('saved', 'reference.safetensors')]
  const files = ['--per-clip', csv, '--save-stats', saved]
  const score = await runCli(['score', sounds, sounds, '--panns', panns, ...files, ...cache])
  expect(score.code, score.stderr).toBe(0)
  expect([existsSync(csv), existsSync(saved)]).toEqual([true, true])

  mkdirSync(at('run'))
  writeFileSync(at('run', 'metrics.jsonl'), '{"step":1,"loss":0.5,"learningRate":1e-4}\n')
  const curve = await runCli(['curve', at('run'), '-o', at('curves', 'run.svg')])
  expect(curve.code, curve.stderr).toBe(0)

  const weights = await write(at('vggish.pth'), craftVggish())
  const backbone = at('backbones', 'vggish.safetensors')
  const imported = await runCli(['import', weights, backbone])
  expect([imported.code, imported.stdout], imported.stderr).toEqual([0, `${backbone}\n`])
})

test('what fails leaves none behind', async () => {
  const before = readdirSync(work.path).sort()
  const fails = async (...args: string[]) => {
    const run = await runCli([...args, '--json'])
    expect(run.code).not.toBe(0)
    return JSON.parse(run.stdout).error.message
  }
  const none = at('none.pth')
  const never = at('never', 'a', 'b', 'x')
  const model = ['--model', at('no', 'model')]
  expect(await fails('generate', 'a dog', '--out', `${never}.wav`, ...model)).toContain('no/model')
  expect(await fails('stats', sounds, '-o', `${never}.safetensors`, '--vggish', none)).toContain(
    none,
  )
  expect(
    await fails('score', sounds, sounds, '--panns', none, '--per-clip', `${never}.csv`),
  ).toContain(none)
  expect(await fails('curve', at('no-run'), '-o', `${never}.svg`)).toContain('no-run')
  writeFileSync(at('damaged.pth'), 'damaged')
  expect(await fails('import', at('damaged.pth'), `${never}.safetensors`)).toContain('damaged')
  expect(readdirSync(work.path).sort()).toEqual([...before, 'damaged.pth'].sort())
})

test('a file on the way is named, and nothing is made', async () => {
  writeFileSync(at('file'), '')
  const run = await runCli(['generate', 'a dog', '--out', at('file', 'a', 'x.wav'), '--json'])
  expect(run.code).toBe(1)
  const { code, message } = JSON.parse(run.stdout).error
  expect(code).toBe('OUTPUT_FAILED')
  expect(message).toContain(at('file', 'a'))
  expect(message).toContain('a part of its path is a file')
})
