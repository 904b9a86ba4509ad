/** Programs that use the installed package, as a user would write them. */

const body = `
async function main() {
  const model = await loadModel(undefined, { device: 'cpu', threads: 1 })
  const job = generate(model, { prompt: 'a dog', durationSeconds: 0.5, steps: 2, seed: 7 })
  const types = new Set()
  for await (const event of job) types.add(event.type)
  const { audio } = await job
  await audio[0].save(process.argv[2])
  const [first] = await audio[0].toFloat32Array()
  console.log(JSON.stringify({ shape: audio[0].samples.shape, types: [...types].sort(), first }))
  await model.dispose()
}
main()
`

export const esm = `import { generate, loadModel } from 'audioldm'\n${body}`
export const commonJs = `const { generate, loadModel } = require('audioldm')\n${body}`

/** A model that one form loaded is one that the other form takes. */
export const mixed = `
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import * as imported from 'audioldm'
const required = createRequire(import.meta.url)('audioldm')
assert.equal(imported.Model, required.Model)
assert.deepEqual(Object.keys(imported).sort(), Object.keys(required).sort())
const model = await required.loadModel(undefined, { device: 'cpu', threads: 1 })
assert.ok(model instanceof imported.Model)
const { audio } = await imported.generate(model, { prompt: '', durationSeconds: 0.05, steps: 1 })
assert.ok(audio[0] instanceof required.Audio)
await model.dispose()
await assert.rejects(async () => imported.generate(model, { prompt: 'x' }), required.DisposedError)
console.log('one copy')
`

/** Everything a typed program touches first; what must not compile says so. */
export const typed = `
import { AudioLDMError, type GenerateEvent, type GenerateOptions, generate, loadModel } from 'audioldm'

async function main(): Promise<void> {
  const model = await loadModel(undefined, { device: 'cpu', threads: 1 })
  const rate: number = model.info.sampleRate
  const options: GenerateOptions = { prompt: 'a dog', durationSeconds: 0.05, steps: 1, seed: 7n }
  const job = generate(model, options)
  const events: GenerateEvent['type'][] = []
  for await (const event of job) {
    events.push(event.type)
    if (event.type === 'audio') {
      const start: number = event.startSample
      // @ts-expect-error an audio event has no steps
      const steps = event.steps
      if (start < 0 || steps) throw new Error('impossible')
    }
  }
  const { audio, clips } = await job
  const samples: Float32Array = await audio[0].toFloat32Array()
  const seed: bigint = clips[0].seed
  // @ts-expect-error options are checked
  if (samples.length === -1) generate(model, { prompt: 'a dog', steps: 'many' })
  try {
    generate(model, { ...options, steps: 0 })
  } catch (error) {
    if (error instanceof AudioLDMError) console.log(error.code, rate, samples.length, seed)
  }
  await model.dispose()
}

main()
`
