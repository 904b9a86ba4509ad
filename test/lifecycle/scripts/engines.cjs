// Computes on engines without a model, and ends in one of many ways while they are at work.
//   node --expose-gc engines.cjs idle|exit|throw|worker-exit|worker-throw|workers|repeat ARCHIVE
// ARCHIVE: slow.pt of test/native/python/archives.py.
const { readFileSync, readdirSync } = require('node:fs')
const { Worker, isMainThread, parentPort } = require('node:worker_threads')
const { Compute } = require('../../../dist/native/compute.js')
const { loadNative } = require('../../../dist/native/load.js')
const { Network } = require('../../../dist/native/network.js')

const [, , way, archive] = process.argv
const native = loadNative({ cuda: false })
const { core } = native
const spec = {
  device: 'cpu',
  threads: 1,
  files: [],
  network: { archive, attributes: {}, weights: [] },
}
const scalar = (value) => core.NativeTensor.from(Float32Array.of(value), [1])

/** Resolves while a network and an operation run that are never awaited. */
async function inTheMiddle() {
  const network = await Network.load(native, spec)
  const compute = new Compute(native, 2)
  const rows = core.NativeTensor.from(new Float64Array(4e6).fill(1), [4000, 1000])
  for (let i = 0; i < 20; i++) {
    network.forward([scalar(1000)])
    compute.run('statistics', [rows])
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
}

/** What a network and an operation give. */
async function results(network, compute, n) {
  const inputs = [scalar(n), core.NativeTensor.from(Float32Array.of(n, n + 2), [2, 1])]
  const all = await Promise.all([
    network.forward([inputs[0]]),
    compute.run('statistics', [inputs[1]]),
  ])
  const values = all.map(([tensor]) => tensor.data()[0])
  for (const tensor of [...inputs, ...all.flat()]) tensor.dispose()
  return values
}

async function inWorker(its) {
  const worker = new Worker(__filename, { argv: [its, archive] })
  const thrown = []
  worker.on('error', (error) => thrown.push(error.message))
  worker.on('exit', (code) => console.log(`worker ended with ${code} ${thrown}`))
}

function workerResults() {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { argv: ['results', archive] })
    worker.on('error', reject)
    worker.on('message', resolve)
  })
}

const residentMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status'))[1]) / 1024
const threads = () => readdirSync('/proc/self/task').length

const ways = {
  // Engines and tensors that nobody disposes.
  idle: async () => {
    const network = await Network.load(native, spec)
    const [result] = await network.forward([scalar(2)])
    new Compute(native, 1)
    console.log(result.data()[0])
  },
  exit: async () => {
    await inTheMiddle()
    process.exit(3)
  },
  throw: async () => {
    await inTheMiddle()
    throw new Error('thrown in the middle')
  },
  'worker-exit': () => inWorker('exit'),
  'worker-throw': () => inWorker('throw'),
  results: async () => {
    const network = await Network.load(native, spec)
    parentPort.postMessage(await results(network, new Compute(native, 1), 3))
  },
  // Some workers and the main thread at once.
  workers: async () => {
    const network = await Network.load(native, spec)
    const own = results(network, new Compute(native, 1), 3)
    console.log(JSON.stringify(await Promise.all([own, ...[1, 2, 3].map(workerResults)])))
  },
  // Makes and disposes again and again; every second one is left to the garbage collector.
  repeat: async () => {
    const resident = []
    const before = { live: core.liveTensorBytes(), threads: threads() }
    for (let i = 0; i < 60; i++) {
      const network = await Network.load(native, spec)
      const compute = new Compute(native, 1)
      await results(network, compute, 2)
      if (i % 2) await Promise.all([network.dispose(), compute.dispose()])
      global.gc()
      resident.push(residentMb())
    }
    await new Promise((resolve) => setImmediate(resolve))
    global.gc()
    await new Promise((resolve) => setImmediate(resolve))
    const after = { live: core.liveTensorBytes(), threads: threads() }
    console.log(JSON.stringify({ resident, before, after }))
  },
}

if (isMainThread) console.log(way)
ways[way]()
