/**
 * A sound encoded, and decoded again, is what AutoencoderKL of diffusers makes of the same mel
 * spectrogram, heard through the same vocoder. No clip has less than the model's rate: of bands that
 * hold next to nothing, float32 samples tell the logarithm to within 3e-4 and no better.
 * AUDIOLDM_PARITY_MODEL names another model folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { sound } from '../generate/sounds.js'
import { tinyModel } from '../models'
import { runPython } from '../python/run.js'
import { floats, peakError, unitError } from './reference.js'

const given = process.env.AUDIOLDM_PARITY_MODEL
const folder = given ?? tinyModel
const work = mkdtempSync(join(tmpdir(), 'audioldm-autoencoder-'))
const seed = 2 ** 33 + 5
const clips = (
  [
    [0.05, 16_000],
    [1.3, 16_000],
    [2.5, 44_100],
    [10.24, 22_050],
  ] as const
).map(([seconds, rate], i) => {
  const path = join(work, `${i}.wav`)
  writeFileSync(path, encodeWav(sound(seconds, rate, i).samples, rate, 'float32'))
  return { name: `${seconds} s at ${rate} Hz`, path, i }
})
let model: Model

beforeAll(async () => {
  const request = { seed, clips: clips.map(({ path }) => path) }
  runPython('parity/autoencoder.py', [folder, work], JSON.stringify(request))
  model = await loadModel(folder, { device: 'cpu', dtype: 'float32', threads: 2 })
}, 600_000)
afterAll(async () => {
  await model?.dispose()
  rmSync(work, { recursive: true })
})

test.each(clips)('$name', async ({ name, path, i }) => {
  for (const kind of ['mode', 'sample']) {
    const latents = await model.encodeAudio(path, kind === 'sample' ? { seed } : {})
    const expected = floats(join(work, `${kind}-${i}.latents.f32`))
    const latentError = unitError((await latents.data()) as Float32Array, expected)
    const [audio] = await model.decodeLatents(latents)
    const wave = floats(join(work, `${kind}-${i}.wave.f32`))
    const waveError = peakError(await audio.toFloat32Array(), wave)
    if (given) console.log(`${name}, ${kind}: latents ${latentError} of std, wave ${waveError}`)
    expect(latentError, `latents, ${kind}`).toBeLessThan(1e-4)
    expect(waveError, `waveform, ${kind}`).toBeLessThan(1e-4)
  }
}, 300_000)

test.each(clips)('the mel spectrogram and the vocoder alone, $name', async ({ path, i }) => {
  const mel = await model.melSpectrogram(path)
  const expected = floats(join(work, `mel-${i}.f32`))
  expect(mel.shape).toEqual([1, expected.length / 64, 64])
  expect(unitError((await mel.data()) as Float32Array, expected)).toBeLessThan(1e-4)
  const [audio] = await model.vocode(mel)
  const vocoded = floats(join(work, `vocoded-${i}.f32`))
  expect(peakError(await audio.toFloat32Array(), vocoded)).toBeLessThan(1e-4)
}, 300_000)
