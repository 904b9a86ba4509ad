/** Checkpoints in the authors' layout, imported: ours and diffusers give the same sound. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel } from '../../lib/model.js'
import { importCheckpoint } from '../../lib/weights/original/import.js'
import {
  type Case,
  type Output,
  peakError,
  python,
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

describe('an imported checkpoint', () => {
  beforeAll(() => {
    const script = join(__dirname, '..', 'weights', 'python', 'make_checkpoint.py')
    execFileSync(python, ['-W', 'ignore', script, work], { stdio: ['ignore', 'ignore', 'inherit'] })
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test.each(['aldm', 'atf'])('%s sounds the same in diffusers', async (name) => {
    const folder = join(work, `${name}-hub`)
    const tokenizer = join(work, 'tokenizer')
    const { ema } = await importCheckpoint(join(work, `${name}.ckpt`), folder, {
      tokenizer,
      headWidth: 8,
    })
    expect(ema).toBe(true)
    const config = JSON.parse(readFileSync(join(folder, 'unet', 'config.json'), 'utf8'))
    expect(config.attention_head_dim).toEqual([4, 8, 12, 20])

    const theirs = runReference(folder, [c]).get(c.name) as Output
    const model = await loadModel(folder, { device: 'cpu', dtype: 'float32' })
    const ours = await runOurs(model, c)
    await model.dispose()
    ours.latents.forEach((latents, i) => {
      expect(unitError(latents, theirs.latents[i])).toBeLessThan(1e-4)
    })
    expect(peakError(ours.waves[0], theirs.waves[0])).toBeLessThan(2e-4)
  })
})
