/** Clips at a loudness: as options of generate(), and on the command line. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { measureLoudness } from '../../lib/audio/loudness.js'
import { decodeAudio } from '../../lib/audio/read.js'
import { type GenerateEvent, generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'

const tiny = join(__dirname, '../../models/random-tiny')
const work = mkdtempSync(join(tmpdir(), 'audioldm-level-'))
let model: Model
beforeAll(async () => {
  compileLibrary()
  model = await loadModel(tiny, { device: 'cpu', dtype: 'float32' })
})
afterAll(async () => {
  await model.dispose()
  rmSync(work, { recursive: true, force: true })
})

const quick = { prompt: 'rain', steps: 1, seed: 7, durationSeconds: 1 }

test('the clip is the same, louder, and comes whole', async () => {
  const plain = (await generate(model, quick)).audio[0]
  const job = generate(model, { ...quick, lufs: -30 })
  const events: GenerateEvent['type'][] = []
  for await (const { type } of job) events.push(type)
  const { audio, clips } = await job
  expect(events).not.toContain('audio')
  expect(events).not.toContain('warning')
  expect(events.filter((type) => type === 'clip')).toHaveLength(1)
  const measured = await audio[0].loudness()
  expect(measured.lufs).toBeCloseTo(-30, 2)
  expect(clips[0].loudness?.lufs).toBeCloseTo(-30, 6)
  expect(clips[0].loudness?.truePeak).toBeCloseTo(measured.truePeak as number, 3)
  const normalised = await plain.normalise({ lufs: -30 })
  expect(await audio[0].toFloat32Array()).toEqual(await normalised.toFloat32Array())
})

test('each clip has its own, and is told of where it was not reached', async () => {
  const job = generate(model, {
    ...quick,
    prompt: [
      { prompt: 'a', lufs: -1 },
      { prompt: 'b', truePeak: -20 },
      { prompt: 'c', lufs: -20, durationSeconds: 0.2 },
      { prompt: 'd' },
    ],
  })
  const warnings: string[] = []
  for await (const event of job) {
    if (event.type === 'warning') warnings[event.index] = event.message
  }
  const { audio, clips } = await job
  expect(warnings[0]).toMatch(
    /^the clip is at -\d+\.\d LUFS and not at -1: its true peak is at -1\.0/,
  )
  expect((await audio[0].loudness()).truePeak).toBeCloseTo(-1, 3)
  expect((await audio[1].loudness()).truePeak).toBeLessThan(-19.999)
  expect(warnings[2]).toBe(
    'the clip is shorter than 0.4 s and has no loudness to bring to -20 LUFS',
  )
  expect(clips[2].loudness?.lufs).toBeNull()
  expect(clips[3].loudness).toBeUndefined()
  expect([warnings[1], warnings[3]]).toEqual([undefined, undefined])
})

test('on the command line', async () => {
  const out = join(work, 'rain.flac')
  const args = [
    '--duration',
    '1',
    '--steps',
    '1',
    '--seed',
    '7',
    '--lufs',
    '-25',
    '--true-peak',
    '-2',
  ]
  const { code, stdout, stderr } = await runCli([
    'generate',
    'rain',
    ...args,
    '--out',
    out,
    '--model',
    tiny,
    '--json',
  ])
  expect(code, stderr).toBe(0)
  const { files, settings } = JSON.parse(stdout)
  expect(settings).toMatchObject({ lufs: -25, truePeak: -2 })
  expect(files[0].loudness.lufs).toBeCloseTo(-25, 3)
  const { channels, sampleRate } = await decodeAudio(readFileSync(out))
  expect(measureLoudness(channels, sampleRate).lufs).toBeCloseTo(-25, 1)
})
