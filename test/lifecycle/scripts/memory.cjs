// Generates again and again and prints the resident memory, MB, after every clip.
//   node --expose-gc memory.cjs COUNT [varied]
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { generate, loadModel } = require('../../../dist/index.js')
const { loadNative } = require('../../../dist/native/load.js')

const tinyModel = join(__dirname, '..', '..', '..', 'models', 'random-tiny')

/** VmRSS of /proc: what process.memoryUsage().rss says, less what Node has cached of it. */
function residentMb() {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024
}

async function main(count, varied) {
  const model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  const { core } = loadNative()
  const liveBefore = core.liveTensorBytes()
  const resident = []
  for (let i = 0; i < count; i++) {
    const prompt = varied ? 'a dog '.repeat(1 + (i % 9)) : 'a dog'
    const durationSeconds = varied ? 0.2 + ((i * 7) % 20) * 0.05 : 0.4
    const { audio } = await generate(model, { prompt, durationSeconds, seed: i, steps: 2 })
    for (const clip of audio) clip.dispose()
    global.gc()
    resident.push(Math.round(residentMb() * 10) / 10)
  }
  const live = core.liveTensorBytes() - liveBefore
  await model.dispose()
  console.log(JSON.stringify({ resident, live, afterDispose: residentMb() }))
}

main(Number(process.argv[2]), process.argv[3] === 'varied')
