// Ends in one of many ways while a model is there or at work.
//   node exit.cjs idle|exit|throw|reject|sleep|exit-loading|worker-exit|worker-throw
const { join } = require('node:path')
const { Worker, isMainThread } = require('node:worker_threads')
const { generate, loadModel } = require('../../../dist/index.js')

const tinyModel = join(__dirname, '..', '..', '..', 'models', 'random-tiny')

const options = { device: 'cpu', dtype: 'float32', threads: 2 }
const long = { prompt: 'a dog', durationSeconds: 10, steps: 1000, stepLatents: true }

/** Resolves in the middle of a generation that is never awaited. */
async function inTheMiddle() {
  const model = await loadModel(tinyModel, options)
  const events = generate(model, long)[Symbol.asyncIterator]()
  await events.next()
  return events
}

const ways = {
  // A model, a tensor and an audio that nobody disposes.
  idle: async () => {
    const model = await loadModel(tinyModel, options)
    const { audio } = await generate(model, { ...long, durationSeconds: 0.2, steps: 1 })
    const text = await model.embedText('a dog')
    console.log(`made ${audio[0].durationSeconds} s from [${text.shape}]`)
  },
  exit: async () => {
    await inTheMiddle()
    process.exit(3)
  },
  throw: async () => {
    await inTheMiddle()
    setImmediate(() => {
      throw new Error('thrown in the middle')
    })
  },
  reject: async () => {
    await inTheMiddle()
    throw new Error('rejected in the middle')
  },
  // Until it is killed.
  sleep: async () => {
    const events = await inTheMiddle()
    console.log('running')
    for await (const _ of events);
  },
  'exit-loading': async () => {
    const onProgress = ({ stage }) => {
      if (stage === 'weights') setImmediate(() => process.exit(4))
    }
    await loadModel(tinyModel, { ...options, onProgress })
  },
  'worker-exit': () => inWorker('exit'),
  'worker-throw': () => inWorker('throw'),
}

async function inWorker(way) {
  const worker = new Worker(__filename, { argv: [way] })
  const thrown = []
  worker.on('error', (error) => thrown.push(error.message))
  worker.on('exit', (code) => console.log(`worker ended with ${code} ${thrown}`))
}

if (isMainThread) console.log(process.argv[2])
ways[process.argv[2]]()
