// @ts-check
/** The engine's side of the protocol, whatever carries it: a MessagePort in the app. */

const { generate, installLibtorch, loadModel } = require('audioldm')

/** @typedef {import('./protocol').ToEngine} ToEngine */
/** @typedef {import('./protocol').FromEngine} FromEngine */

/**
 * @param {(message: FromEngine) => void} send
 * @param {{ model?: string, libtorchPath?: string }} [options] as in loadModel()
 * @returns {{ receive(message: ToEngine): void, close(): Promise<void> }}
 */
function createEngine(send, options = {}) {
  const { model: source, ...settings } = options
  /** @type {Map<number, ReturnType<typeof generate>>} */
  const running = new Map()
  /** @type {import('audioldm').Model | undefined} */
  let model
  let loading = load()

  async function load() {
    try {
      model = await loadModel(source, settings)
      const { path, sampleRate, randomWeights } = model.info
      send({ type: 'ready', model: path, sampleRate, randomWeights })
    } catch (error) {
      const problem = problemOf(error)
      const missing = problem.code === 'LIBTORCH_NOT_FOUND'
      send(missing ? { type: 'libtorch-missing', message: problem.message } : problem)
    }
  }

  async function install() {
    try {
      for await (const event of installLibtorch()) {
        if (event.type !== 'step') continue
        const { stage, bytes, total } = event
        send({ type: 'installing', stage, bytes, total })
      }
      loading = load()
    } catch (error) {
      send(problemOf(error))
    }
  }

  /** @param {Extract<ToEngine, { type: 'generate' }>} message */
  async function start({ id, order }) {
    await loading
    if (!model) return send({ type: 'error', id, code: 'NO_MODEL', message: 'no model is loaded' })
    try {
      const job = generate(model, { ...order, chunkSeconds: 0.5 })
      running.set(id, job)
      for await (const event of job) {
        if (event.type === 'step') send({ type: 'step', id, step: event.step, steps: event.steps })
        if (event.type === 'audio') {
          const { startSample, sampleRate } = event
          const samples = /** @type {Float32Array} */ (await event.samples.data())
          send({ type: 'audio', id, startSample, sampleRate, samples })
        }
      }
      const [audio] = (await job).audio
      send({ type: 'clip', id, wav: await audio.toWav(), seconds: audio.durationSeconds })
      audio.dispose()
    } catch (error) {
      send({ ...problemOf(error), id })
    } finally {
      running.delete(id)
    }
  }

  return {
    receive(message) {
      if (message.type === 'generate') void start(message)
      else if (message.type === 'abort') running.get(message.id)?.abort()
      else if (message.type === 'install') void install()
    },
    async close() {
      for (const job of running.values()) job.abort()
      await loading
      await model?.dispose()
    },
  }
}

/**
 * @param {any} error
 * @returns {Extract<FromEngine, { type: 'error' }>}
 */
function problemOf({ code = 'UNKNOWN', message, hint }) {
  return { type: 'error', code, message, hint }
}

module.exports = { createEngine }
