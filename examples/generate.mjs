// One clip, with a progress line and a picture:  node generate.mjs "a dog barking" dog.wav

import { writeFile } from 'node:fs/promises'
import { generate, loadModel } from 'audioldm'

const [prompt = 'a dog barking', out = 'out.wav', source] = process.argv.slice(2)

const model = await loadModel(source)
const job = generate(model, { prompt, durationSeconds: 2, steps: 10 })
for await (const event of job) {
  if (event.type === 'step') process.stderr.write(`\rstep ${event.step} of ${event.steps}`)
}
const { audio, clips, timings } = await job
await audio[0].save(out)
await writeFile(out.replace(/\.wav$/, '.png'), await audio[0].spectrogram())
console.log(`\n${out}: seed ${clips[0].seed}, ${(timings.totalMs / 1000).toFixed(1)} s`)
await model.dispose()
