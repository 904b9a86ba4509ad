// Loads the package again and again: in workers that end, and in one environment whose cache is emptied.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const [dist, model, times] = isMainThread ? process.argv.slice(2) : workerData

async function peak() {
  const { generate, loadModel } = require(dist)
  const loaded = await loadModel(model, { threads: 1 })
  const { audio } = await generate(loaded, {
    prompt: 'wind',
    durationSeconds: 0.64,
    steps: 1,
    seed: 7,
  })
  const samples = await audio[0].toFloat32Array()
  audio[0].dispose()
  await loaded.dispose()
  return samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
}

async function main() {
  const peaks = []
  for (let i = 0; i < Number(times); i++) {
    const worker = new Worker(__filename, { workerData: [dist, model] })
    peaks.push(
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    )
    await new Promise((resolve) => worker.once('exit', resolve))
  }
  for (let i = 0; i < Number(times); i++) {
    for (const name of Object.keys(require.cache))
      if (name.startsWith(dist)) delete require.cache[name]
    peaks.push(await peak())
  }
  console.log(JSON.stringify(peaks))
}

if (isMainThread) main()
else peak().then((value) => parentPort.postMessage(value))
