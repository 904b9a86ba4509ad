// Three workers and the main thread generate at once; one worker is terminated in the middle.
const { join } = require('node:path')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { generate, loadModel } = require('../../../dist/index.js')

const tinyModel = join(__dirname, '..', '..', '..', 'models', 'random-tiny')

async function clip({ seed, endless }) {
  const model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  const length = endless ? { steps: 1000, durationSeconds: 5 } : { steps: 4, durationSeconds: 1 }
  const job = generate(model, { prompt: 'a dog', seed, ...length })
  for await (const event of job) {
    if (event.type === 'step' && event.step === 2) parentPort?.postMessage('in the middle')
  }
  const { audio } = await job
  const samples = await audio[0].toFloat32Array()
  audio[0].dispose()
  await model.dispose()
  return samples
}

/** A worker's clip, or, when it is terminated in the middle, its exit code. */
function workerClip(data) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: data })
    worker.on('error', reject)
    worker.on('message', (message) => {
      if (message === 'in the middle' && data.endless) worker.terminate().then(resolve)
      else if (message !== 'in the middle') resolve(message)
    })
  })
}

async function main() {
  const [own, first, second, terminated] = await Promise.all([
    clip({ seed: 1 }),
    workerClip({ seed: 1 }),
    workerClip({ seed: 2 }),
    workerClip({ seed: 1, endless: true }),
  ])
  const after = await workerClip({ seed: 2 })
  const wanted = await clip({ seed: 2 })
  const error = (a, b) => a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i])), 0)
  const peak = own.reduce((worst, x) => Math.max(worst, Math.abs(x)), 0)
  console.log(
    JSON.stringify({
      samples: [own.length, first.length, second.length, after.length],
      peak,
      errors: [error(own, first), error(wanted, second), error(wanted, after)],
      difference: error(own, wanted),
      terminated,
    }),
  )
}

if (isMainThread) main()
else clip(workerData).then((samples) => parentPort.postMessage(samples))
