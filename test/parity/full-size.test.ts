/** The full-size AudioLDM-S with random weights, in a folder that diffusers wrote. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model/model.js'
import { python, pythonEnv } from '../python/run.js'
import { type Case, type Output, peakError, runOurs, runReference, unitError } from './reference.js'

const root = join(__dirname, '..', '..')
const work = mkdtempSync(join(tmpdir(), 'audioldm-full-size-'))
const three = ['a dog barking in the rain', 'rain', 'footsteps on gravel, then a door slams']

const base = {
  scheduler: 'ddim' as const,
  steps: 2,
  guidanceScale: 2.5,
  prompts: [three[0]],
  seeds: [7],
}
const cases: Case[] = [
  { ...base, name: '10.24 s', durationSeconds: 10.24 },
  { ...base, name: '5.12 s', durationSeconds: 5.12, steps: 3 },
  { ...base, name: '3.3 s', durationSeconds: 3.3 },
  { ...base, name: '0.05 s', durationSeconds: 0.05, steps: 10 },
  { ...base, name: 'three prompts', durationSeconds: 1.28, prompts: three, seeds: [1, 2, 3] },
  { ...base, name: 'negative prompt', durationSeconds: 1.28, negativePrompts: ['music'] },
  { ...base, name: 'guidance 1', durationSeconds: 1.28, guidanceScale: 1 },
]

describe('AudioLDM-S equals AudioLDMPipeline of diffusers', () => {
  let model: Model
  let reference: Map<string, Output>

  beforeAll(async () => {
    const made = join(work, 'made')
    const saved = join(work, 'saved')
    const args = [
      '-W',
      'ignore',
      '-m',
      'audioldm_export',
      'random-model',
      '--size',
      's',
      '--out',
      made,
    ]
    execFileSync(python, args, { env: pythonEnv() })
    reference = runReference(made, cases, saved)
    rmSync(made, { recursive: true })
    model = await loadModel(saved, { device: 'cpu', dtype: 'float32' })
  }, 600_000)
  afterAll(async () => {
    await model?.dispose()
    rmSync(work, { recursive: true, force: true })
  })

  test.each(cases)('$name', async (c) => {
    const ours = await runOurs(model, c)
    const theirs = reference.get(c.name) as Output
    const latents = ours.latents.map((x, i) => unitError(x, theirs.latents[i]))
    const waves = ours.waves.map((x, i) => peakError(x, theirs.waves[i]))
    console.log(
      `${c.name}: latents ${Math.max(...latents).toExponential(1)} of std, ` +
        `waveform ${Math.max(...waves).toExponential(1)} of peak`,
    )
    expect(Math.max(...latents)).toBeLessThan(1e-4)
    expect(Math.max(...waves)).toBeLessThan(2e-4)
  })

  test('so does the command line', () => {
    const c = cases.find(({ name }) => name === 'negative prompt') as Case
    const file = join(work, 'clip.wav')
    const options = {
      '--model': join(work, 'saved'),
      '--out': file,
      '--scheduler': c.scheduler,
      '--steps': c.steps,
      '--guidance': c.guidanceScale,
      '--duration': c.durationSeconds,
      '--seed': c.seeds[0],
      '--negative': c.negativePrompts?.[0],
      '--device': 'cpu',
      '--dtype': 'float32',
    }
    const args = Object.entries(options).flatMap(([name, value]) => [name, String(value)])
    const cli = join(root, 'dist', 'cli', 'main.js')
    execFileSync(process.execPath, [cli, 'generate', c.prompts[0], ...args, '--float'], {
      stdio: 'ignore',
    })
    const bytes = readFileSync(file)
    const data = bytes.subarray(bytes.length - 4 * Math.trunc(c.durationSeconds * 16000))
    const wave = new Float32Array(new Uint8Array(data).buffer)
    expect(peakError(wave, (reference.get(c.name) as Output).waves[0])).toBeLessThan(2e-4)
  })
})
