// Takes an engine.js, makes one clip with it, has its package read a folder of sounds, and prints what
// came of it.
const [, , enginePath, libtorchPath, sounds] = process.argv
// As the engine finds it: this file itself lies in the package.
const packagePath = require('node:module').createRequire(enginePath).resolve('audioldm')
const { captionedFolder, checkDataset } = require(packagePath)
const { createEngine } = require(enginePath)

const types = []
let heard = 0
const order = { prompt: 'wind', durationSeconds: 1, steps: 2, seed: 7 }
const engine = createEngine(
  async (message) => {
    types.push(message.type)
    if (message.type === 'ready') engine.receive({ type: 'generate', id: 1, order })
    if (message.type === 'audio') heard += message.samples.length
    if (message.type === 'clip') {
      await engine.close()
      const maps = require('node:fs').readFileSync('/proc/self/maps', 'utf8')
      const opened = [...new Set(maps.match(/\/\S*audioldm\S*\.(node|so)/g))].sort()
      const { clips, problems } = await checkDataset(captionedFolder(sounds))
      const bytes = message.wav.length
      console.log(JSON.stringify({ packagePath, types, heard, bytes, opened, clips, problems }))
    }
    if (message.type === 'error') {
      console.error(message)
      process.exitCode = 1
    }
  },
  { threads: 1, libtorchPath },
)
