/** What is going on: for eyes a bar, for ears sentences. */
import type { ServerEvent } from './api.js'
import { byId } from './dom.js'

const progress = byId('progress', 'progress')
const status = byId('p', 'status')
const stepText = byId('p', 'step')
const failure = byId('p', 'failure')

export function say(text: string): void {
  if (status.textContent !== text) status.textContent = text
}

export function complain(text: string): void {
  failure.textContent = text
}

export function begin(): void {
  complain('')
  say('Asking the server …')
  progress.hidden = false
  progress.removeAttribute('value')
  byId('button', 'generate').disabled = true
  byId('button', 'inpaint').disabled = true
  byId('button', 'cancel').hidden = false
}

export function end(): void {
  progress.hidden = true
  stepText.textContent = ''
  byId('button', 'generate').disabled = false
  byId('button', 'inpaint').disabled = false
  byId('button', 'cancel').hidden = true
}

/** `made` takes of `count` are done. */
export function tell(event: ServerEvent, made: number, count: number): void {
  if (event.type === 'queued') {
    const { before } = event
    say(`Waiting: ${before} ${before === 1 ? 'request' : 'requests'} before this one.`)
  } else if (event.type === 'step') {
    const { step, steps } = event
    progress.value = (made + (0.9 * step) / steps) / count
    // Ears hear of takes, not of every step.
    say(count > 1 ? `Making take ${made + 1} of ${count} …` : 'Making it …')
    stepText.textContent = `step ${step} of ${steps}`
  }
}
