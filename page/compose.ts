/** The form: from its fields to a request, and back from a take's settings. */
import { Failure, type Request, type ServedModel, type Settings } from './api.js'
import { byId } from './dom.js'
import type { OwnSound } from './own-sound.js'

const prompt = byId('textarea', 'prompt')
const negative = byId('input', 'negative')
const duration = byId('input', 'duration')
const steps = byId('input', 'steps')
const guidance = byId('input', 'guidance')
const count = byId('input', 'count')
const lufs = byId('input', 'lufs')
const stereo = byId('input', 'stereo')
const loop = byId('input', 'loop')
const seed = byId('input', 'seed')
const lock = byId('button', 'lock')

lock.addEventListener('click', () => setLocked(!isLocked()))

function isLocked(): boolean {
  return lock.getAttribute('aria-pressed') === 'true'
}

function setLocked(locked: boolean): void {
  lock.setAttribute('aria-pressed', String(locked))
}

/** Typing a seed means it. */
seed.addEventListener('input', () => setLocked(seed.value.trim() !== ''))

/** Takes over what the model says of itself, until the user has said something else. */
export function fitTo({ durationSeconds, maxSteps }: ServedModel): void {
  if (!duration.dataset.touched) duration.value = String(durationSeconds)
  steps.max = String(Math.min(1000, maxSteps))
}
duration.addEventListener('input', () => {
  duration.dataset.touched = 'yes'
})

/** What every request has. @throws Failure naming the field, which gets the focus */
export function readSettings(model: string): Request {
  const request: Request = {
    model,
    steps: numberOf(steps),
    guidanceScale: numberOf(guidance),
    count: 1,
  }
  if (prompt.value.trim() !== '') request.prompt = prompt.value.trim()
  if (negative.value.trim() !== '') request.negativePrompt = negative.value.trim()
  if (isLocked()) request.seed = seedOf()
  return request
}

/** @throws Failure */
export async function readRequest(model: string, sound: OwnSound): Promise<Request> {
  const request = { ...readSettings(model), count: numberOf(count), ...readForm() }
  const own = await sound.read()
  if (request.prompt === undefined && own === undefined) {
    throw wrong(prompt, 'Say what to hear, or give a sound.')
  }
  if (own && 'init' in own && loop.checked) {
    throw wrong(loop, 'A sound that is varied has two ends: switch Loop off.')
  }
  // A sound that is varied decides how long the take is.
  if (own && 'init' in own) return { ...request, ...own }
  return { ...request, ...own, durationSeconds: numberOf(duration) }
}

/** What a part that is made anew does not have: it is as loud as the rest, and of one channel. */
function readForm(): Pick<Request, 'lufs' | 'loop' | 'channels'> {
  return {
    ...((lufs.value !== '' || !lufs.validity.valid) && { lufs: numberOf(lufs) }),
    ...(loop.checked && { loop: true }),
    ...(stereo.checked && { channels: 2 }),
  }
}

function seedOf(): string {
  const text = seed.value.trim()
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return text
  throw wrong(seed, 'A seed is a whole number from 0 to 2^64 − 1.')
}

function numberOf(input: HTMLInputElement): number {
  const label = input.labels?.[0].textContent
  if (input.value !== '' && input.validity.valid) {
    input.removeAttribute('aria-invalid')
    return input.valueAsNumber
  }
  const whole = input.step === '1' ? 'a whole number' : 'a number'
  throw wrong(input, `${label}: give ${whole} from ${input.min} to ${input.max}.`)
}

function wrong(field: HTMLElement, message: string): Failure {
  field.setAttribute('aria-invalid', 'true')
  field.addEventListener('input', () => field.removeAttribute('aria-invalid'), { once: true })
  field.focus()
  return new Failure(message)
}

export function showSeed(value: number | string): void {
  if (!isLocked()) seed.value = String(value)
}

/** Fills the form with what made a take. */
export function fill(settings: Settings): void {
  prompt.value = settings.prompt
  negative.value = settings.negativePrompt
  duration.value = String(Number(settings.durationSeconds.toFixed(3)))
  duration.dataset.touched = 'yes'
  steps.value = String(settings.steps)
  guidance.value = String(settings.guidanceScale)
  lufs.value = String(settings.lufs ?? '')
  stereo.checked = settings.channels === 2
  loop.checked = settings.loop === true
  seed.value = String(settings.seed)
  setLocked(true)
  prompt.focus()
}
