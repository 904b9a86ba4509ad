// The engine as engine-process.js runs it, with Node's own channel in the place of Electron's port.
const { createEngine } = require(process.argv[2])

const engine = createEngine((message) => process.send(message), { threads: 1 })
process.on('message', (message) => engine.receive(message))
process.on('disconnect', () => engine.close().then(() => process.exit(0)))
