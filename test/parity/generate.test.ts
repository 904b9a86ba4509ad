import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model/model.js'
import { defaultModel, tinyModel } from '../models'
import { type Case, type Output, peakError, runOurs, runReference, unitError } from './reference.js'

const folder = tinyModel
const three = ['a dog barking in the rain', 'rain', 'footsteps on gravel, then a door slams']

const base = { steps: 5, guidanceScale: 2.5, durationSeconds: 1.28, prompts: ['a dog'], seeds: [7] }
const cases: Case[] = [
  { ...base, name: 'ddim', scheduler: 'ddim' },
  { ...base, name: 'ddim-eta', scheduler: 'ddim', eta: 1 },
  { ...base, name: 'ddim-50', scheduler: 'ddim', steps: 50, durationSeconds: 0.32 },
  { ...base, name: 'dpmpp-2m', scheduler: 'dpmpp-2m', steps: 25 },
  { ...base, name: 'dpmpp-2m-karras', scheduler: 'dpmpp-2m', karras: true },
  { ...base, name: 'dpmpp-2m-1', scheduler: 'dpmpp-2m', steps: 1 },
  { ...base, name: 'euler', scheduler: 'euler', steps: 25 },
  { ...base, name: 'euler-karras', scheduler: 'euler', karras: true },
  { ...base, name: 'euler-a', scheduler: 'euler-a', steps: 25 },
  { ...base, name: 'odd-length', scheduler: 'ddim', durationSeconds: 3.3 },
  { ...base, name: 'shortest', scheduler: 'ddim', durationSeconds: 0.05 },
  { ...base, name: 'negative', scheduler: 'ddim', negativePrompts: ['music'] },
  { ...base, name: 'unguided', scheduler: 'ddim', guidanceScale: 1 },
  { ...base, name: 'interval', scheduler: 'ddim', guidanceInterval: [0.15, 0.7] },
  { ...base, name: 'interval-2m', scheduler: 'dpmpp-2m', steps: 25, guidanceInterval: [0.3, 1] },
  { ...base, name: 'cached', scheduler: 'ddim', featureCache: 3 },
  { ...base, name: 'cached-2m', scheduler: 'dpmpp-2m', steps: 9, featureCache: 2 },
  { ...base, name: 'batch', scheduler: 'ddim', prompts: three, seeds: [1, 2, 3] },
  { ...base, name: 'batch-eta', scheduler: 'euler-a', prompts: three, seeds: [4, 5, 2 ** 40] },
]

/** As the published folders may be: the scheduler's configuration does not state its spacing. */
function withoutSpacing(): string {
  const copy = mkdtempSync(join(tmpdir(), 'audioldm-spacing-'))
  cpSync(folder, copy, { recursive: true })
  const file = join(copy, 'scheduler', 'scheduler_config.json')
  const { timestep_spacing, ...config } = JSON.parse(readFileSync(file, 'utf8'))
  expect(timestep_spacing).toBe('leading')
  writeFileSync(file, JSON.stringify(config))
  return copy
}

async function compare(model: Model, c: Case, theirs: Output): Promise<void> {
  const ours = await runOurs(model, c)
  expect(ours.latents).toHaveLength(c.steps)
  ours.latents.forEach((latents, i) => {
    expect(unitError(latents, theirs.latents[i]), `latents of step ${i + 1}`).toBeLessThan(1e-4)
  })
  ours.waves.forEach((wave, i) => {
    expect(peakError(wave, theirs.waves[i]), `waveform of clip ${i}`).toBeLessThan(2e-4)
  })
}

test('the model in the package equals AudioLDMPipeline too', async () => {
  const some = cases.filter((c) => ['ddim', 'dpmpp-2m', 'negative', 'batch'].includes(c.name))
  const theirs = runReference(defaultModel, some)
  const model = await loadModel(defaultModel, { device: 'cpu', dtype: 'float32' })
  for (const c of some) await compare(model, c, theirs.get(c.name) as Output)
  await model.dispose()
}, 600_000)

describe('generate equals AudioLDMPipeline of diffusers', () => {
  let model: Model
  let reference: Map<string, Output>

  beforeAll(async () => {
    reference = runReference(folder, cases)
    model = await loadModel(folder, { device: 'cpu', dtype: 'float32' })
  }, 600_000)
  afterAll(() => model?.dispose())

  test.each(cases)('$name', (c) => compare(model, c, reference.get(c.name) as Output))

  test('where the configuration does not state the spacing of timesteps', async () => {
    const silent = withoutSpacing()
    const some = cases.filter((c) => ['ddim', 'dpmpp-2m', 'euler', 'euler-a'].includes(c.name))
    const theirs = runReference(silent, some)
    const own = await loadModel(silent, { device: 'cpu', dtype: 'float32' })
    for (const c of some) await compare(own, c, theirs.get(c.name) as Output)
    await own.dispose()
    rmSync(silent, { recursive: true })
  })

  test('a clip does not change with the batch it is generated in', async () => {
    const batch = cases.find((c) => c.name === 'batch') as Case
    const together = await runOurs(model, batch)
    for (const [i, prompt] of batch.prompts.entries()) {
      const alone = await runOurs(model, { ...batch, prompts: [prompt], seeds: [batch.seeds[i]] })
      expect(peakError(together.waves[i], alone.waves[0])).toBeLessThan(1e-5)
    }
  })

  test('vocoding in chunks equals vocoding at once', async () => {
    const c = { ...base, name: 'chunks', scheduler: 'ddim' as const, steps: 1, durationSeconds: 4 }
    const chunked = await runOurs(model, c, { chunkSeconds: 0.3 })
    const whole = await runOurs(model, c, { chunkSeconds: 60 })
    expect(peakError(chunked.waves[0], whole.waves[0])).toBeLessThan(1e-5)
  })
})
