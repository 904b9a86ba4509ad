// From one prompt to another within a clip:  node over-time.mjs "rain" "birds" 40

import { generate, loadModel } from 'audioldm'

const [from = 'rain', to = 'birds', seconds = '40', source] = process.argv.slice(2)

const model = await loadModel(source)
const { audio } = await generate(model, {
  // Weights at the start and at the end; what is between is mixed window by window.
  mix: [
    { text: from, weight: [1, 0] },
    { text: to, weight: [0, 1] },
  ],
  durationSeconds: Number(seconds),
  steps: 10,
})
await audio[0].save('over-time.wav')
await model.dispose()
