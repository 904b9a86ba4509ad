// High frequencies for a sound that lacks them:  node super-resolution.mjs phone-8k.wav out.wav 4000

import { generate, loadModel } from 'audioldm'

const [sound = 'sound.wav', out = 'finer.wav', above, source] = process.argv.slice(2)

const model = await loadModel(source)
// A file says what rate it has, not how much of its band is empty: an MP3 may end far below.
const hertz = above === undefined ? 'above-source' : [[Number(above), model.info.sampleRate / 2]]
const { audio } = await generate(model, { init: { audio: sound }, mask: { hertz }, steps: 10 })
await audio[0].save(out)
await model.dispose()
