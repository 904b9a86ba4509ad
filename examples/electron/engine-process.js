/** The program of the utility process: waits for the page's port, and serves it. */

const { createEngine } = require('./engine')

process.parentPort.once('message', ({ data: options, ports: [port] }) => {
  const engine = createEngine((message) => port.postMessage(message), options)
  port.on('message', ({ data }) => engine.receive(data))
  port.on('close', () => engine.close().then(() => process.exit(0)))
  port.start()
})
