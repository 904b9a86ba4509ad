// Teaches a model the sounds of a folder with captions.csv in it (columns file and caption):
//
//   node fine-tune.mjs sounds/ runs/first 1000 [MODEL]
//
// Ctrl-C stops after a checkpoint; the same command goes on from there. docs/fine-tuning.md says
// what is trained and what the numbers mean.

import { captionedFolder, fineTune, generate, loadModel } from 'audioldm'

const [folder, outputDir, steps = '1000', model] = process.argv.slice(2)

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const job = fineTune(model, {
  dataset: captionedFolder(folder),
  steps: Number(steps),
  segmentSeconds: 5.12, // short sounds; the model was made with 10.24
  outputDir,
  resume: true,
  signal: stop.signal,
})
for await (const event of job) {
  if (event.type === 'preparing') {
    process.stderr.write(`\rpreparing: ${event.done} of ${event.total} `)
  } else if (event.type === 'step') {
    const minutes = Math.ceil(event.etaSeconds / 60)
    process.stderr.write(
      `\rstep ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}, ${minutes} min left `,
    )
  } else if (event.type === 'evaluation') {
    console.error(`\nstep ${event.step}: validation loss ${event.validationLoss}`)
  } else if (event.type === 'skipped') {
    console.error(`\nskipped ${event.path}: ${event.reason}`)
  } else if (event.type === 'warning') {
    console.error(`\nwarning: ${event.message}`)
  }
}

const { checkpoint, best } = await job
console.log(`\n${best ?? checkpoint}`)

const trained = await loadModel(best ?? checkpoint)
const { audio } = await generate(trained, { prompt: 'a sound', durationSeconds: 1, steps: 5 })
await audio[0].save('fine-tuned.wav')
await trained.dispose()
