// @ts-check
/** The page: orders go to the engine, and sound comes while it is still being made. */

/** @typedef {import('../protocol').ToEngine} ToEngine */
/** @typedef {import('../protocol').FromEngine} FromEngine */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 */
function element(id, kind) {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`)
  return found
}

const form = element('order', HTMLFormElement)
const go = element('go', HTMLButtonElement)
const stop = element('stop', HTMLButtonElement)
const install = element('install', HTMLButtonElement)
const status = element('status', HTMLParagraphElement)
const progress = element('progress', HTMLProgressElement)
const clips = element('clips', HTMLUListElement)

/** @type {MessagePort | undefined} */
let engine
/** @type {{ id: number, prompt: string } | undefined} */
let current
let last = 0
/** @type {Promise<AudioWorkletNode> | undefined} */
let player

window.addEventListener('message', ({ data, ports: [port] }) => {
  if (data !== 'engine' || !port) return
  engine = port
  port.onmessage = ({ data: message }) => receive(message)
})

/** @param {ToEngine} message */
const send = (message) => engine?.postMessage(message)

/** In the rate of the model: the browser converts it to that of the device. @param {number} sampleRate */
async function openPlayer(sampleRate) {
  const context = new AudioContext({ sampleRate })
  await context.audioWorklet.addModule('player-worklet.js')
  const node = new AudioWorkletNode(context, 'player', {
    numberOfInputs: 0,
    outputChannelCount: [1],
  })
  node.connect(context.destination)
  node.port.onmessage = ({ data: played }) => {
    document.body.dataset.played = String(played)
  }
  return node
}

/** @param {FromEngine} message */
async function receive(message) {
  if ('id' in message && message.id !== undefined && message.id !== current?.id) return
  switch (message.type) {
    case 'ready':
      go.disabled = false
      status.textContent = `Ready: ${message.model}${message.randomWeights ? ' (random weights: noise)' : ''}`
      player ??= openPlayer(message.sampleRate)
      return
    case 'libtorch-missing':
      install.hidden = false
      status.textContent = 'This program needs libtorch, 126 MB from pytorch.org, BSD-3-Clause.'
      return
    case 'installing':
      status.textContent = `libtorch: ${message.stage}`
      progress.max = message.total ?? 1
      progress.value = message.total ? message.bytes : 0
      return
    case 'step':
      progress.max = message.steps
      progress.value = message.step
      status.textContent = `Step ${message.step} of ${message.steps}`
      return
    case 'audio':
      ;(await player)?.port.postMessage(message.samples)
      return
    case 'clip':
      addClip(message.wav, message.seconds)
      return ended('Done')
    case 'error':
      return ended(
        message.code === 'ABORTED'
          ? 'Stopped'
          : [message.message, message.hint].filter(Boolean).join(' '),
      )
  }
}

/** @param {Uint8Array} wav @param {number} seconds */
function addClip(wav, seconds) {
  const title = current?.prompt ?? ''
  const item = document.createElement('li')
  const sound = document.createElement('audio')
  sound.controls = true
  sound.src = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (wav)], { type: 'audio/wav' }))
  const name = document.createElement('span')
  name.textContent = `${title}, ${seconds.toFixed(1)} s`
  name.draggable = true
  name.addEventListener('dragstart', (event) => {
    event.preventDefault()
    // @ts-expect-error: what preload.js exposes.
    window.desktop?.drag(title, wav)
  })
  item.append(sound, name)
  clips.prepend(item)
}

/** @param {string} text */
function ended(text) {
  current = undefined
  go.disabled = false
  stop.disabled = true
  status.textContent = text
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const values = (/** @type {string} */ id) => element(id, HTMLInputElement)
  current = { id: ++last, prompt: values('prompt').value }
  go.disabled = true
  stop.disabled = false
  const node = await player
  node?.port.postMessage('clear')
  // Sound may begin only after somebody asked for it.
  if (node?.context instanceof AudioContext) await node.context.resume()
  send({
    type: 'generate',
    id: current.id,
    order: {
      prompt: current.prompt,
      durationSeconds: values('seconds').valueAsNumber,
      steps: values('steps').valueAsNumber,
      seed: values('seed').valueAsNumber,
    },
  })
})
stop.addEventListener('click', () => current && send({ type: 'abort', id: current.id }))
install.addEventListener('click', () => {
  install.hidden = true
  send({ type: 'install' })
})
