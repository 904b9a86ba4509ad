/** CLAP in score: as the embedding of fd and kid, and compared with prompts. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { score } from '../../lib/score.js'
import { runPython } from '../architectures/python.js'
import { scratch, writeSounds } from './fixture.js'

const clap = join(__dirname, '../../models/random-tiny')
const work = scratch()
let model: Model
let options: ScoreOptions & { generated: string; reference: string }

beforeAll(async () => {
  options = {
    generated: writeSounds(work.path, 'generated', 6),
    reference: writeSounds(work.path, 'reference', 6, 1.3),
    clap,
    backbone: 'clap',
    metrics: ['fd', 'kid'],
    device: 'cpu',
    cacheDir: join(work.path, 'cache'),
  }
  model = await loadModel(clap, { device: 'cpu', dtype: 'float32', threads: 2 })
})
afterAll(async () => {
  await model?.dispose()
  work.remove()
})

/** Of `embedAudio`, which is held against transformers elsewhere. */
async function rowsOf(folder: string): Promise<Float32Array> {
  const files = readdirSync(folder).sort()
  const embeddings = await model.embedAudio(files.map((name) => join(folder, name)))
  return (await embeddings.data()) as Float32Array
}

function reference(arrays: Record<string, Float32Array>) {
  const files = Object.entries(arrays).map(([name, rows]) => {
    const path = join(work.path, `${name}.f32`)
    writeFileSync(path, rows)
    return [name, { path, shape: [rows.length / 512, 512] }]
  })
  return runPython<{ fd: number; kid: number[] }>(
    'score/python/reference.py',
    Object.fromEntries(files),
  )
}

test('fd and kid are those of NumPy and SciPy on the rows of embedAudio', async () => {
  const { metrics, protocol } = await score(options)
  const expected = reference({
    generated_embedding: await rowsOf(options.generated),
    reference_embedding: await rowsOf(options.reference),
  })
  expect(Math.abs((metrics.fd as number) / expected.fd - 1)).toBeLessThan(1e-5)
  expect(Math.abs((metrics.kid?.mean as number) - expected.kid[0])).toBeLessThan(1e-7)
  expect(protocol.backbones).toEqual({
    clap: {
      sampleRate: 48_000,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      removeMean: false,
      minSamples: 0,
      repeatpad: 480_000,
      settings: {
        weights: expect.stringMatching(/^[0-9a-f]{64}$/),
        dtype: 'float32',
        projection: 512,
        normalized: true,
      },
    },
  })
})
