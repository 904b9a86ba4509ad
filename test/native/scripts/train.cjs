// Trains in a process of its own, on the compiled library.
//   node train.cjs exit        ends the process in the middle of training
//   node train.cjs save FILE   prints how saving all weights ends
const { join } = require('node:path')

const dist = join(__dirname, '..', '..', '..', 'dist')
const { readModelFolder } = require(join(dist, 'hub', 'folder.js'))
const { loadNative } = require(join(dist, 'native', 'load.js'))
const { archiveIn, nativePart } = require(join(dist, 'native', 'part.js'))
const { Trainer } = require(join(dist, 'native', 'trainer.js'))
const { archivesDir } = require(join(dist, 'files', 'paths.js'))

async function load(native) {
  const folder = await readModelFolder(join(__dirname, '..', '..', '..', 'models', 'random-tiny'))
  const { plan, tensors } = folder.parts.unet
  const files = new Map()
  const unet = nativePart(archiveIn(archivesDir(), 'unet'), plan.attributes, tensors, files)
  return Trainer.load(native, {
    device: 'cpu',
    threads: 1,
    files: [...files.keys()],
    unet,
    init: 'pretrained',
    precision: 'float32',
    scalingFactor: 1,
    alphasCumprod: folder.alphasCumprod,
    seed: 1n,
    batchSize: 1,
    accumulate: 1,
    textProbability: 1,
    conditionDropout: 0,
    learningRate: 1e-4,
    warmupSteps: 0,
    schedule: 'constant',
    totalSteps: 1000,
    betas: [0.9, 0.999],
    epsilon: 1e-8,
    weightDecay: 0,
    maxGradientNorm: 0,
    emaDecay: 0.999,
    lora: null,
    state: null,
  })
}

function dataOf({ core }) {
  const tensor = (...shape) => {
    const values = new Float32Array(shape.reduce((count, size) => count * size, 1))
    return core.NativeTensor.from(values, shape)
  }
  return {
    moments: tensor(1, 16, 8, 16),
    momentsRow: Int32Array.of(0),
    text: tensor(1, 512),
    textRows: Int32Array.of(0),
    textStart: Int32Array.of(0, 1),
    audio: null,
    audioRow: Int32Array.of(-1),
    unconditional: tensor(512),
  }
}

async function main(way, path) {
  const native = loadNative({ cuda: false })
  const trainer = await load(native)
  if (way === 'exit') {
    await trainer.train(dataOf(native), 10_000, ({ step }) => {
      if (step < 2) return
      console.log(`step ${step}`)
      process.exit(0)
    })
  }
  const entries = trainer.trainable.map(({ name }) => ({ name, source: `trainable/${name}` }))
  await trainer.save(path, entries).then(
    () => console.log('saved'),
    (error) => console.log(`${error.code} ${error.message}`),
  )
  await trainer.dispose()
}

main(...process.argv.slice(2))
