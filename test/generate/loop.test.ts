/** Loops: the end of a clip meets its beginning. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../lib/errors.js'
import { type ClipOptions, generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'

let model: Model
beforeAll(async () => {
  const tiny = join(__dirname, '../../models/random-tiny')
  model = await loadModel(tiny, { device: 'cpu', dtype: 'float32' })
})
afterAll(() => model.dispose())

async function made(options: ClipOptions): Promise<Float32Array> {
  const { audio } = await generate(model, { prompt: 'rain', steps: 4, seed: 7, ...options })
  return audio[0].toFloat32Array()
}

const bands = 64

/** Changes of the log-mel spectrum from each frame to the next, of two rounds. */
async function changes(samples: Float32Array): Promise<number[]> {
  const rounds = new Float32Array(2 * samples.length)
  rounds.set(samples)
  rounds.set(samples, samples.length)
  const { sampleRate } = model.info
  const mel = (await (
    await model.melSpectrogram({ samples: rounds, sampleRate })
  ).data()) as Float32Array
  return Array.from({ length: mel.length / bands - 1 }, (_, t) => {
    let sum = 0
    for (let b = 0; b < bands; b++) sum += (mel[(t + 1) * bands + b] - mel[t * bands + b]) ** 2
    return Math.sqrt(sum / bands)
  })
}

/** The largest change around the seam, and those in as many frames everywhere else. */
async function seamOf(samples: Float32Array): Promise<{ seam: number; elsewhere: number[] }> {
  const all = await changes(samples)
  const frames = samples.length / model.folder.geometry.hop
  const largest = (at: number) => Math.max(...all.slice(at - 4, at + 4))
  // One whole round without the seam in it, away from where the recording begins and ends.
  const elsewhere = Array.from({ length: frames - 16 }, (_, i) => largest(8 + i))
  return { seam: largest(frames), elsewhere }
}

const share = (values: number[], below: number) =>
  values.filter((value) => value < below).length / values.length

test('the seam is like any other place', async () => {
  const ranks: number[] = []
  for (const seed of [7, 8, 9, 10]) {
    const { seam, elsewhere } = await seamOf(await made({ durationSeconds: 2, loop: true, seed }))
    expect(seam).toBeLessThanOrEqual(Math.max(...elsewhere))
    ranks.push(share(elsewhere, seam))
  }
  // Where there is nothing special the ranks are spread evenly.
  expect(ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length).toBeLessThan(0.85)
})

test('the measure finds the seam of a clip that is no loop', async () => {
  for (const seed of [7, 8]) {
    const { seam, elsewhere } = await seamOf(await made({ durationSeconds: 2, seed }))
    expect(seam).toBeGreaterThan(Math.max(...elsewhere))
  }
})

describe('what a loop is', () => {
  test('whole latent frames, in chunks as at once', async () => {
    const job = generate(model, {
      ...{ prompt: 'rain', steps: 2, seed: 7, durationSeconds: 1.01, loop: true },
      chunkSeconds: 0.2,
    })
    const chunks: number[] = []
    for await (const event of job) {
      if (event.type === 'audio') chunks.push(...((await event.samples.data()) as Float32Array))
    }
    const { audio, clips } = await job
    expect(clips[0]).toMatchObject({ loop: true, durationSeconds: 1.04 })
    expect(audio[0].durationSeconds).toBe(1.04)
    expect(Float32Array.from(chunks)).toEqual(await audio[0].toFloat32Array())
    const once = await made({ steps: 2, durationSeconds: 1.01, loop: true })
    const whole = await audio[0].toFloat32Array()
    expect(Math.max(...once.map((value, i) => Math.abs(value - whole[i])))).toBeLessThan(1e-4)
  })

  test('in windows too', async () => {
    const samples = await made({ steps: 1, durationSeconds: 12, long: true, loop: true })
    expect(samples).toHaveLength(12 * 16000)
    const { seam, elsewhere } = await seamOf(samples)
    expect(seam).toBeLessThanOrEqual(Math.max(...elsewhere))
  })

  test('without the option, and with false, a clip is what it was', async () => {
    const plain = await made({ durationSeconds: 1, steps: 2 })
    expect(await made({ durationSeconds: 1, steps: 2, loop: false })).toEqual(plain)
    expect(await made({ durationSeconds: 1, steps: 2, loop: true })).not.toEqual(plain)
  })

  test('in a batch each clip is what it is alone', async () => {
    const options = {
      prompt: ['rain', { prompt: 'wind', loop: true }],
      durationSeconds: 1,
      seed: 7,
    }
    const { audio, clips } = await generate(model, { ...options, steps: 2, batchSize: 4 })
    expect(clips.map(({ loop }) => loop)).toEqual([undefined, true])
    const alone = await made({ prompt: 'wind', durationSeconds: 1, steps: 2, seed: 8, loop: true })
    expect(await audio[1].toFloat32Array()).toEqual(alone)
  })

  test('what has two ends of its own is refused', () => {
    const init = { audio: { samples: new Float32Array(16000), sampleRate: 16000 } }
    const refused = (options: object, message: string) => {
      const job = () => generate(model, { prompt: 'rain', loop: true, ...options })
      expect(job).toThrow(InvalidOptionError)
      expect(job).toThrow(message)
    }
    refused({ init }, 'loop: excludes init')
    const mix = [{ text: 'a', weight: [1, 0] as [number, number] }, { text: 'b' }]
    refused({ prompt: undefined, mix, durationSeconds: 30 }, 'loop: excludes weights that change')
    refused({ loop: 'yes' }, 'loop: expected true or false')
  })
})
