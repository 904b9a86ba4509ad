/** What CUDA computes against what the CPU does, where there is a GPU. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { generate } from '../../lib/generate/generate.js'
import { loadModel } from '../../lib/model/model.js'
import { loadNative } from '../../lib/native/load.js'
import { fineTune } from '../../lib/training/fine-tune.js'
import { tinyModel } from '../models'
import { scratch, shortOptions, writeTones } from '../training/fixture.js'

const native = loadNative()
const absent = native.core.cudaDeviceCount() === 0
if (absent) console.log(`skipped: ${native.cuda.problem ?? 'libtorch sees no CUDA device'}`)

const work = scratch()
afterAll(() => work.remove())

describe.skipIf(absent)('in float32, cuda equals the CPU', () => {
  test('from prompt and sound to embeddings and waveform', async () => {
    const tone = join(writeTones(work.in('heard'), 1), 'tone00.wav')
    const made = []
    for (const device of ['cpu', 'cuda']) {
      const model = await loadModel(tinyModel, { device, dtype: 'float32' })
      const options = { prompt: 'rain', seed: 3, steps: 5, durationSeconds: 1.28 }
      const { audio } = await generate(model, options)
      const text = await model.embedText('rain')
      const sound = await model.embedAudio(tone)
      made.push({
        wave: await audio[0].toFloat32Array(),
        text: (await text.data()) as Float32Array,
        sound: (await sound.data()) as Float32Array,
      })
      await model.dispose()
    }
    const [cpu, cuda] = made
    expect(largest(cpu.text, cuda.text)).toBeLessThan(1e-4)
    expect(largest(cpu.sound, cuda.sound)).toBeLessThan(1e-4)
    expect(largest(cpu.wave, cuda.wave)).toBeLessThan(1e-3)
  })

  test('the losses of ten training steps', async () => {
    const data = writeTones(work.in('learned'), 8)
    const losses: number[] = []
    for (const device of ['cpu', 'cuda']) {
      const options = shortOptions(work, data, String(losses.length), { steps: 10, device })
      losses.push((await fineTune(undefined, options)).final.loss)
    }
    expect(losses[1] / losses[0]).toBeCloseTo(1, 3)
  })
})

function largest(a: Float32Array, b: Float32Array): number {
  const peak = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / peak
}
