// The best of several clips, and how close each came:  node candidates.mjs "a dog barking" out.wav

import { generate, loadModel } from 'audioldm'

const [prompt = 'a dog barking', out = 'best.wav', source] = process.argv.slice(2)

const model = await loadModel(source)
const job = generate(model, { prompt, candidates: 3, durationSeconds: 4, steps: 10, seed: 1 })
const { audio, clips } = await job
for (const { seed, similarity } of clips[0].candidates) {
  console.log(`${seed === clips[0].seed ? '*' : ' '} seed ${seed}: ${similarity.toFixed(4)}`)
}
await audio[0].save(out)
await model.dispose()
