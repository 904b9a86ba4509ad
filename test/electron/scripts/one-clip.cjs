// Takes an engine.js, makes one clip with it, and prints what came over the protocol.
const [, , enginePath, libtorchPath] = process.argv
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
      console.log(JSON.stringify({ types, heard, bytes: message.wav.length, opened }))
    }
    if (message.type === 'error') {
      console.error(message)
      process.exitCode = 1
    }
  },
  { threads: 1, libtorchPath },
)
