import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidModelError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { copyModel, scratchFolder } from '../bad-input/model-copy.js'
import { tinyModel } from '../models'

const scratch = scratchFolder()
const known = { bell: 'a church bell', rain: 'rain on a roof', dog: 'a dog barking' }
const short = { durationSeconds: 0.2, steps: 1, seed: 1, guidanceScale: 1 }

/** A safetensors file, written by hand. */
function file(content: object, rows: Float32Array, format = 'audioldm-known-sounds-1'): Uint8Array {
  const shape = rows.length < 512 ? [1, rows.length] : [rows.length / 512, 512]
  const embeddings = { dtype: 'F32', shape, data_offsets: [0, rows.byteLength] }
  const metadata = { format, content: JSON.stringify(content) }
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, embeddings }))
  const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer)
  return Buffer.concat([length, header, Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength)])
}

let model: Model
beforeAll(async () => {
  const plain = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  const rows = await plain.embedText(Object.values(known))
  const data = (await rows.data()) as Float32Array
  await plain.dispose()
  // A sound has several rows, of any length: only the direction of the nearest counts.
  const [bell, ...others] = Object.keys(known)
  const names = [{ name: bell, rows: 2 }, ...others.map((name) => ({ name, rows: 1 }))]
  const embeddings = Float32Array.from([...data.subarray(0, 512).map((value) => -value), ...data])
  embeddings.forEach((value, i) => {
    embeddings[i] = value * (1 + Math.floor(i / 512))
  })
  const folder = copyModel(scratch, (copy) => {
    copy.write('known_sounds.safetensors', file({ threshold: 0.9999, sounds: names }, embeddings))
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
  const { knownSounds, usualSeconds } = await readModelFolder(tinyModel)
  expect(knownSounds).toBeUndefined()
  expect(usualSeconds).toBe(10)
})

const one = { threshold: 0.5, sounds: [{ name: 'x', rows: 1 }] }
const row = new Float32Array(512)
test.each<[string, Uint8Array, RegExp]>([
  ['that is none', new TextEncoder().encode('{'), /known_sounds/],
  ['of another format', file(one, row, 'audioldm-statistics-1'), /format is not/],
  ['without sounds', file({ threshold: 0.5, sounds: [] }, row), /sounds: /],
  ['of rows that are too short', file(one, row.subarray(1)), /embeddings is float32 \[1,511\]/],
  [
    'with fewer rows than it says',
    file({ threshold: 0, sounds: [{ name: 'x', rows: 2 }] }, row),
    /not floats \[2, 512\]/,
  ],
  [
    'with more rows than memory',
    file({ threshold: 0, sounds: [{ name: 'x', rows: 1e12 }] }, row),
    /sounds\.0\.rows/,
  ],
  ['with a threshold that is none', file({ ...one, threshold: 2 }, row), /threshold/],
  [
    'with values that are not finite',
    file(
      one,
      row.map(() => Number.NaN),
    ),
    /not finite/,
  ],
])('a file %s is refused', async (_, bytes, message) => {
  const folder = copyModel(scratch, (copy) => copy.write('known_sounds.safetensors', bytes))
  const reading = readModelFolder(folder)
  await expect(reading).rejects.toThrow(InvalidModelError)
  await expect(reading).rejects.toThrow(message)
})
