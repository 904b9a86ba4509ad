// A clip of a minute, in overlapping windows:  node long.mjs "waves on a beach" 60 out.wav

import { generate, loadModel } from 'audioldm'

const [prompt = 'waves on a beach', seconds = '60', out = 'long.wav', source] =
  process.argv.slice(2)

const model = await loadModel(source)
const job = generate(model, { prompt, durationSeconds: Number(seconds), steps: 10 })
for await (const event of job) {
  if (event.type === 'step') process.stderr.write(`\rstep ${event.step} of ${event.steps}`)
}
const { audio } = await job
await audio[0].save(out)
await model.dispose()
