import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidModelError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { copyModel, scratchFolder } from '../bad-input/model-copy.js'

const scratch = scratchFolder()
const tiny = join(__dirname, '../../models/random-tiny')
const known = { bell: 'a church bell', rain: 'rain on a roof', dog: 'a dog barking' }
const short = { durationSeconds: 0.2, steps: 1, seed: 1, guidanceScale: 1 }

let model: Model
beforeAll(async () => {
  const plain = await loadModel(tiny, { device: 'cpu', dtype: 'float32', threads: 1 })
  const rows = await plain.embedText(Object.values(known))
  const data = (await rows.data()) as Float32Array
  await plain.dispose()
  const sounds = Object.keys(known).map((name, i) => ({
    name,
    // Any length will do: only the direction counts.
    embedding: Array.from(data.subarray(512 * i, 512 * i + 512), (value) => value / (i + 2)),
  }))
  const folder = copyModel(scratch, (copy) => {
    copy.write('known_sounds.json', JSON.stringify({ threshold: 0.9999, sounds }))
    copy.configure('model_index.json', { _audioldm_trained_seconds: 0.4 })
  })
  model = await loadModel(folder, { device: 'cpu', dtype: 'float32', threads: 1 })
})
afterAll(() => model?.dispose())

async function warnings(prompt: string | string[], count = 1) {
  const found: [number, string][] = []
  for await (const event of generate(model, { ...short, prompt, count })) {
    if (event.type === 'warning') found.push([event.index, event.message])
  }
  return found
}

describe('a model that says what it knows', () => {
  test('warns of a prompt that is far from all of it, and names the nearest', async () => {
    const found = await warnings(['a dog barking', 'quantum chromodynamics', ''], 2)
    expect(found.map(([index]) => index)).toEqual([1, 4])
    const [, message] = found[0]
    expect(message).toMatch(/^this model was not trained on such a sound; nearest are /)
    for (const name of Object.keys(known)) expect(message).toContain(name)
    expect(found[1][1]).toBe(message)
  })

  test('is silent where it knows the sound', async () => {
    expect(await warnings(Object.values(known))).toEqual([])
  })

  test('makes clips as long as those it was trained on, unless it is told', async () => {
    const { audio, clips } = await generate(model, { prompt: known.dog, steps: 1, seed: 1 })
    expect(clips[0].durationSeconds).toBe(0.4)
    expect(audio[0].durationSeconds).toBeCloseTo(0.4, 3)
  })
})

test('a model that does not say so is taken to know everything', async () => {
  const { knownSounds, usualSeconds } = await readModelFolder(tiny)
  expect(knownSounds).toBeUndefined()
  expect(usualSeconds).toBe(10)
})

test.each([
  ['not JSON', '{', /not valid JSON/],
  ['no sounds', { threshold: 0.5, sounds: [] }, /sounds: /],
  [
    'a row of another width',
    { threshold: 0.5, sounds: [{ name: 'x', embedding: [1] }] },
    /embedding/,
  ],
  ['a threshold that is none', { threshold: 2, sounds: [] }, /threshold/],
])('known_sounds.json with %s is refused', async (_, content, message) => {
  const folder = copyModel(scratch, (copy) => {
    copy.write('known_sounds.json', typeof content === 'string' ? content : JSON.stringify(content))
  })
  const reading = readModelFolder(folder)
  await expect(reading).rejects.toThrow(InvalidModelError)
  await expect(reading).rejects.toThrow(message)
})

test('the file is read as it is written', async () => {
  const text = readFileSync(join(model.info.path, 'known_sounds.json'), 'utf8')
  expect(model.folder.knownSounds).toEqual(JSON.parse(text))
})
