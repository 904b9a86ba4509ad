// A sound on its way to a text, at three strengths:  node style-transfer.mjs hum.wav "a string quartet"

import { generate, loadModel } from 'audioldm'

const [sound = 'sound.wav', prompt = 'a string quartet', source] = process.argv.slice(2)

const model = await loadModel(source)
for (const strength of [0.3, 0.5, 0.7]) {
  const init = { audio: sound, strength }
  const { audio } = await generate(model, { prompt, init, steps: 10, seed: 1 })
  const out = `strength-${strength}.wav`
  await audio[0].save(out)
  console.log(`${out}: ${audio[0].durationSeconds} s`)
}
await model.dispose()
