/** The page: what its parts do for each other. */
import { Failure, fetchModels, generate, type Request, type ServedModel } from './api.js'
import { toBase64 } from './base64.js'
import { fill, fitTo, readRequest, readSettings, showSeed } from './compose.js'
import { byId, create } from './dom.js'
import { History } from './history.js'
import { LivePlayer } from './live-player.js'
import { Making } from './making.js'
import { OwnSound } from './own-sound.js'
import { Picture } from './picture.js'
import { begin, complain, end, say } from './status.js'
import { TakeStore } from './store.js'
import { detailsOf, fileNameOf, secondsOf, type Take, titleOf, toMonoWav, toWav } from './take.js'

const from = byId('input', 'from')
const to = byId('input', 'to')
const play = byId('button', 'play')
const live = new LivePlayer()
const sound = new OwnSound(say)
let models: ServedModel[] = []
let current: Take | undefined
let running: AbortController | undefined

const picture = new Picture({
  onTime: showTime,
  onPlaying: () => showPlaying(),
  onStretch: (stretch) => {
    from.value = stretch ? stretch[0].toFixed(2) : ''
    to.value = stretch ? stretch[1].toFixed(2) : ''
  },
})
const history = new History({
  onOpen: (take) => open(take),
  onRemove: remove,
  onSides: showSides,
})

function showPlaying(): void {
  play.textContent = live.playing ? 'Stop' : picture.playing ? 'Pause' : 'Play'
}

function showTime(seconds: number): void {
  if (!current) return
  const whole = secondsOf(current)
  byId('span', 'time').textContent = `${seconds.toFixed(1)} / ${whole.toFixed(1)} s`
}

function showSides(): void {
  const button = byId('button', 'ab')
  button.hidden = history.other === undefined
  const side = current && history.sideOf(current)
  const other = side === 'B' ? 'A' : 'B'
  button.replaceChildren(`Switch to ${other} `, create('kbd', 'X'))
}

/** Shows a take; with `time` it goes on from there. */
async function open(take: Take, time = 0, playing = false): Promise<void> {
  current = take
  history.current = take
  byId('section', 'take').hidden = false
  byId('h2', 'take-title').textContent = titleOf(take)
  byId('p', 'take-details').textContent = detailsOf(take)
  const download = byId('a', 'download')
  URL.revokeObjectURL(download.href)
  download.href = URL.createObjectURL(new Blob([toWav(take)], { type: 'audio/wav' }))
  download.download = fileNameOf(take)
  await picture.show(take, time, playing)
}

async function remove(take: Take): Promise<void> {
  await store.remove(take)
  say('The take was deleted.')
  if (current !== take) return
  current = undefined
  picture.clear()
  byId('section', 'take').hidden = true
  if (history.newest) await open(history.newest)
}

async function keep(take: Take): Promise<void> {
  try {
    await store.add(take)
  } catch {
    complain('The browser has no room for more takes: download some, and delete them here.')
    take.id = Math.random()
  }
  history.add(take)
  showSeed(take.settings.seed)
}

/** Runs a request; `how` tells of its takes how they came about. */
async function make(
  compose: () => Request | Promise<Request>,
  how: () => string | undefined,
): Promise<void> {
  if (running) return
  running = new AbortController()
  const { signal } = running
  begin()
  picture.pause()
  try {
    const request = await compose()
    const model = models.find(({ name }) => name === request.model) as ServedModel
    // What comes whole is played by the picture.
    live.begin(model.sampleRate, showPlaying)
    const making = new Making(request, how(), live, {
      onTake: async (take) => {
        await keep(take)
        await open(take, 0, !live.playing)
      },
    })
    await generate(request, signal, (event) => making.handle(event))
    say(making.summary)
  } catch (error) {
    live.stop()
    say(signal.aborted ? 'Cancelled.' : '')
    if (!signal.aborted) complain(error instanceof Failure ? error.message : `${error}`)
  } finally {
    running = undefined
    end()
  }
}

function modelName(): string {
  return byId('select', 'model').value
}

byId('form', 'compose').addEventListener('submit', (event) => {
  event.preventDefault()
  make(
    () => readRequest(modelName(), sound),
    () => sound.how,
  )
})
byId('button', 'cancel').addEventListener('click', () => running?.abort())

byId('form', 'repair').addEventListener('submit', (event) => {
  event.preventDefault()
  const take = current
  const stretch: [number, number] = [from.valueAsNumber, to.valueAsNumber]
  const whole = take ? secondsOf(take) : 0
  make(
    () => {
      if (!take || !(stretch[0] >= 0 && stretch[0] < stretch[1] && stretch[1] <= whole + 0.005)) {
        throw new Failure(`Choose a part of the take, within 0 and ${whole.toFixed(2)} s.`)
      }
      const seconds: [number, number][] = [[stretch[0], Math.min(stretch[1], whole)]]
      const audio = toBase64(toMonoWav(take))
      return { ...readSettings(modelName()), init: { audio }, mask: { seconds } }
    },
    () => {
      const mono = take && (take.channels ?? 1) > 1 ? ', in one channel' : ''
      return `${stretch[0].toFixed(2)} to ${stretch[1].toFixed(2)} s made anew${mono}`
    },
  )
})
for (const input of [from, to]) {
  input.addEventListener('change', () => {
    if (from.valueAsNumber < to.valueAsNumber) picture.mark([from.valueAsNumber, to.valueAsNumber])
  })
}

function playPause(): void {
  if (live.playing) live.stop()
  else picture.playPause()
}
play.addEventListener('click', playPause)

function switchSides(): void {
  const { other } = history
  if (!other) return
  live.stop()
  open(other, picture.time, picture.playing)
}
byId('button', 'ab').addEventListener('click', switchSides)
byId('button', 'reuse').addEventListener('click', () => current && fill(current.settings))

addEventListener('keydown', (event) => {
  const target = event.target as HTMLElement
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    byId('form', 'compose').requestSubmit()
  } else if (event.key === 'Escape') {
    running?.abort()
  } else if (target.matches('input:not([type=radio]), textarea, select') || event.repeat) {
    return
  } else if (event.key.toLowerCase() === 'x' && !event.ctrlKey && !event.metaKey && !event.altKey) {
    switchSides()
  } else if (event.key === ' ' && current && !target.matches('button, a, label')) {
    event.preventDefault()
    playPause()
  }
})

function chooseModel(): void {
  const model = models.find(({ name }) => name === modelName())
  if (!model) return
  fitTo(model)
  sound.hears = model.hears
  const notice = byId('p', 'notice')
  notice.hidden = !model.randomWeights
  notice.textContent = 'This model has random weights: whatever you ask for, it makes noise.'
}
byId('select', 'model').addEventListener('change', chooseModel)

const store = await TakeStore.open()
if (!store.keeps) {
  byId('p', 'no-takes').textContent = 'This browser keeps nothing: download what you want to have.'
}
history.takes = await store.all()
if (history.newest) open(history.newest)
try {
  models = await fetchModels()
  byId('select', 'model').append(...models.map(({ name }) => create('option', name)))
  chooseModel()
} catch (error) {
  complain((error as Error).message)
}
