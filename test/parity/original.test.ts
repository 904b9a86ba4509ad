/** Checkpoints in the authors' layout, imported: ours and Python give the same sound and hear it so. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { loadModel } from '../../lib/model/model.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'
import { sound } from '../generate/sounds.js'
import { runPython } from '../python/run.js'
import {
  type Case,
  type ClapRows,
  type Output,
  peakError,
  runClap,
  runOurs,
  runReference,
  unitError,
} from './reference.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-original-'))
const c: Case = {
  name: 'imported',
  scheduler: 'ddim',
  steps: 4,
  guidanceScale: 2.5,
  durationSeconds: 1.28,
  prompts: ['a dog'],
  seeds: [7],
}
const names = ['aldm', 'atf']
const folderOf = (name: string) => join(work, `${name}-hub`)
const towerOf = (name: string) => join(folderOf(name), 'audio_encoder')
const clips = [0.3, 7].map((seconds, i) => {
  const path = join(work, `${seconds}s.wav`)
  writeFileSync(path, encodeWav(sound(seconds, 16_000, i).samples, 16_000, 'float32'))
  return path
})
let clap: ClapRows

beforeAll(async () => {
  compileLibrary()
  runPython('weights/python/make_checkpoint.py', [work])
  for (const name of names) {
    const imported = await runCli([
      ...['import', join(work, `${name}.ckpt`), folderOf(name), '--head-width', '8', '--json'],
      ...['--tokenizer', join(work, 'tokenizer')],
    ])
    expect(imported.code, imported.stderr).toBe(0)
    expect(JSON.parse(imported.stdout)).toMatchObject({ ema: true })
  }
  clap = runClap({
    towers: Object.fromEntries(names.map((name) => [towerOf(name), null])),
    text_encoder: join(folderOf('aldm'), 'text_encoder'),
    clips,
    texts: [[0, 2]],
  })
}, 300_000)
afterAll(() => rmSync(work, { recursive: true, force: true }))

test.each(
  names,
)('an imported checkpoint (%s) sounds and hears the same in Python', async (name) => {
  const folder = folderOf(name)
  const config = JSON.parse(readFileSync(join(folder, 'unet', 'config.json'), 'utf8'))
  expect(config.attention_head_dim).toEqual([4, 8, 12, 20])

  const theirs = runReference(folder, [c]).get(c.name) as Output
  const model = await loadModel(folder, { device: 'cpu', dtype: 'float32' })
  const ours = await runOurs(model, c)
  const data = (await (await model.embedAudio(clips)).data()) as Float32Array
  await model.dispose()
  ours.latents.forEach((latents, i) => {
    expect(unitError(latents, theirs.latents[i])).toBeLessThan(1e-4)
  })
  expect(peakError(ours.waves[0], theirs.waves[0])).toBeLessThan(2e-4)

  const [first, second] = clap.audio[towerOf(name)].map((row) => Float32Array.from(row))
  expect(unitError(data.subarray(0, 512), first)).toBeLessThan(1e-4)
  expect(unitError(data.subarray(512), second)).toBeLessThan(1e-4)
  expect(unitError(first, second), 'both clips are alike').toBeGreaterThan(0.1)
})

test('an imported checkpoint takes sounds as prompts and chooses between candidates', async () => {
  const run = await runCli([
    ...['generate', '--model', folderOf('aldm'), '--audio-prompt', clips[0], '--candidates', '2'],
    ...['--duration', '0.2', '--steps', '2', '--seed', '5', '--json'],
    ...['--out', join(work, 'out.wav'), '--device', 'cpu', '--dtype', 'float32'],
  ])
  expect(run.code, run.stderr).toBe(0)
  const [{ seed, candidates }] = JSON.parse(run.stdout).files
  const [first, second] = candidates.map((each: { similarity: number }) => each.similarity)
  expect(Number.isFinite(first) && first !== second).toBe(true)
  expect(seed).toBe(first >= second ? 5 : 100_000_005)
})
