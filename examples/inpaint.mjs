// A part of a sound made anew:  node inpaint.mjs walk.wav 1.0 1.5 "birds" out.wav

import { generate, loadModel } from 'audioldm'

const [sound = 'sound.wav', from = '1', to = '1.5', prompt = '', out = 'repaired.wav', source] =
  process.argv.slice(2)

const model = await loadModel(source)
const { audio } = await generate(model, {
  prompt,
  init: { audio: sound },
  mask: { seconds: [[Number(from), Number(to)]] },
  steps: 10,
})
// Outside of the range and 20 ms around it, float samples are those of the sound itself.
await audio[0].save(out, { format: 'float32' })
await model.dispose()
