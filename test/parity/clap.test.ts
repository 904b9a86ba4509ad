/**
 * CLAP embeddings of sound files equal those of transformers: decoding, resampling, features and
 * towers. Ours resamples by torchaudio's default, a sinc in a Hann window; ClapFeatureExtractor
 * takes 48 kHz alone, so the reference states that resampler anew, and clips that have 48 kHz are
 * compared without any. Of clips longer than 10 s both take the beginning: ClapFeatureExtractor
 * itself would cut at random.
 *
 * Towers of the published depths, narrow; AUDIOLDM_CLAP=full runs the published sizes.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { cosineSimilarity } from '../../lib/model/similarity.js'
import { loadTokenizer } from '../../lib/tokenizer/tokenizer.js'
import { sound } from '../generate/sounds.js'
import { tinyModel } from '../models'
import { type ClapRows, runClap, unitError } from './reference.js'

const full = process.env.AUDIOLDM_CLAP === 'full'
const narrow = { width: 8, heads: [1, 2, 4, 8] }
const published = (width: number) => (full ? { width, heads: [4, 8, 16, 32] } : narrow)
const structures = {
  'HTSAT-tiny': { ...published(96), depths: [2, 2, 6, 2] },
  'HTSAT-base': { ...published(128), depths: [2, 2, 12, 2] },
}
const names = Object.keys(structures) as (keyof typeof structures)[]

const scratch = mkdtempSync(join(tmpdir(), 'audioldm-clap-'))
const rates = [8_000, 16_000, 44_100, 48_000]
const clips = [1, 5, 10, 12].flatMap((seconds, i) =>
  rates.map((rate, k) => {
    const path = join(scratch, `${seconds}s-${rate}.wav`)
    writeFileSync(path, encodeWav(sound(seconds, rate, 4 * i + k).samples, rate, 'float32'))
    return { path, seconds, rate }
  }),
)
const texts = ['a dog barking', 'rain']
const models = new Map<string, Model>()
let reference: ClapRows

beforeAll(async () => {
  for (const name of names) {
    mkdirSync(join(scratch, name))
    const parts = ['model_index.json', 'scheduler', 'text_encoder', 'tokenizer', 'unet', 'vae']
    for (const part of [...parts, 'vocoder']) {
      cpSync(join(tinyModel, part), join(scratch, name, part), { recursive: true })
    }
  }
  const { tokenizerDir, tokenizerLimits } = await readModelFolder(tinyModel)
  const tokenizer = await loadTokenizer(tokenizerDir, tokenizerLimits)
  reference = runClap({
    towers: Object.fromEntries(
      names.map((name) => [join(scratch, name, 'audio_encoder'), structures[name]]),
    ),
    text_encoder: join(tinyModel, 'text_encoder'),
    clips: clips.map(({ path }) => path),
    texts: texts.map((text) => [...tokenizer.encode(text).ids]),
  })
  for (const name of names) {
    const folder = join(scratch, name)
    models.set(name, await loadModel(folder, { device: 'cpu', dtype: 'float32', threads: 2 }))
  }
}, 600_000)
afterAll(async () => {
  for (const model of models.values()) await model.dispose()
  rmSync(scratch, { recursive: true })
})

describe.each(names)('%s', (name) => {
  test('embedAudio and similarities equal those of transformers', async () => {
    const model = models.get(name) as Model
    const theirs = reference.audio[join(scratch, name, 'audio_encoder')]
    const audio = await model.embedAudio(clips.map(({ path }) => path))
    const data = (await audio.data()) as Float32Array
    const errors = clips.map((_, i) =>
      unitError(data.subarray(512 * i, 512 * i + 512), Float32Array.from(theirs[i])),
    )
    if (full) report(errors)
    clips.forEach(({ path }, i) => {
      expect(errors[i], path).toBeLessThan(1e-4)
    })

    const alike = await cosineSimilarity(audio, audio)
    const others = alike.flatMap((row, i) => row.filter((_, k) => clips[i].rate !== clips[k].rate))
    expect(Math.min(...others), 'all clips are alike').toBeLessThan(0.9)
    const similarities = await cosineSimilarity(audio, await model.embedText(texts))
    similarities.forEach((row, i) => {
      row.forEach((value, k) => {
        const expected = theirs[i].reduce((sum, v, n) => sum + v * reference.text[k][n], 0)
        expect(Math.abs(value - expected)).toBeLessThan(1e-5)
      })
    })
  }, 600_000)

  function report(errors: number[]): void {
    const rows = clips.map(({ seconds, rate }, i) => `${seconds} s ${rate} Hz ${errors[i]}`)
    console.log(`${name}, largest error in units of the standard deviation\n${rows.join('\n')}`)
  }
})
