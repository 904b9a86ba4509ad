// Sound as it is made, as raw 32-bit float samples on stdout:
//
//   node stream.mjs "rain on a tin roof" | aplay -f FLOAT_LE -r 16000
//
// The first chunk is out as soon as the latents are denoised, before the clip is vocoded to its end.

import { generate, loadModel } from 'audioldm'

const [prompt = 'rain on a tin roof', source] = process.argv.slice(2)

const model = await loadModel(source)
const job = generate(model, { prompt, durationSeconds: 3, steps: 10, chunkSeconds: 0.5 })
for await (const event of job) {
  if (event.type !== 'audio') continue
  // The tensor is released when the loop goes on; data() copies it first.
  const { buffer } = await event.samples.data()
  const at = event.startSample / event.sampleRate
  console.error(`${at.toFixed(2)} s: ${event.samples.shape[0]} samples`)
  if (!process.stdout.write(Buffer.from(buffer))) {
    await new Promise((resolve) => process.stdout.once('drain', resolve))
  }
}
await job
await model.dispose()
