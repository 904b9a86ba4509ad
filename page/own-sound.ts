/** A sound file of the user's: to be varied, or to make something like it. */
import { Failure, type Request } from './api.js'
import { toBase64 } from './base64.js'
import { byId } from './dom.js'

const largest = 40 * 2 ** 20

export class OwnSound {
  readonly #chosen = document.querySelector('#sound .chosen') as HTMLElement
  readonly #strength = byId('input', 'strength')
  #file: File | undefined
  #hears = true

  constructor(onChange: (message: string) => void) {
    const input = byId('input', 'file')
    input.addEventListener('change', () => {
      this.#take(input.files?.[0], onChange)
      // The same file can be chosen again.
      input.value = ''
    })
    byId('button', 'remove-file').addEventListener('click', () => {
      this.#set(undefined)
      onChange('The sound was removed.')
      input.focus()
    })
    this.#strength.addEventListener('input', () => {
      byId('output', 'strength-value').value = this.#strength.value
    })
    byId('fieldset', 'sound').addEventListener('change', () => this.#showUse())
    this.#listenToDrops(onChange)
  }

  /** Whether the model takes sounds as prompts. */
  set hears(hears: boolean) {
    this.#hears = hears
    const like = document.querySelector('input[value=like]') as HTMLInputElement
    like.disabled = !hears
    if (!hears) this.#choose('vary')
  }

  /** What of a request it decides. @throws Failure */
  async read(): Promise<Pick<Request, 'init' | 'audioPrompt'> | undefined> {
    if (!this.#file) return undefined
    const bytes = await this.#file.arrayBuffer().catch(() => {
      throw new Failure('The file cannot be read any more: choose it again.')
    })
    const audio = toBase64(new Uint8Array(bytes))
    if (this.#use === 'like') return { audioPrompt: audio }
    return { init: { audio, strength: this.#strength.valueAsNumber } }
  }

  /** For a take's details. */
  get how(): string | undefined {
    if (!this.#file) return undefined
    if (this.#use === 'like') return `like ${this.#file.name}`
    return `from ${this.#file.name}, ${this.#strength.value} away`
  }

  get #use(): 'vary' | 'like' {
    const checked = document.querySelector('input[name=use]:checked') as HTMLInputElement
    return checked.value as 'vary' | 'like'
  }

  #choose(use: 'vary' | 'like'): void {
    ;(document.querySelector(`input[value=${use}]`) as HTMLInputElement).checked = true
    this.#showUse()
  }

  #showUse(): void {
    byId('div', 'strength-field').hidden = this.#use !== 'vary'
  }

  #take(file: File | undefined, onChange: (message: string) => void): void {
    if (!file) return
    if (file.size > largest) {
      onChange(`${file.name} is larger than ${largest / 2 ** 20} MiB.`)
      return
    }
    this.#set(file)
    const like = this.#hears ? ', or make something like it' : ''
    onChange(`${file.name} is chosen: vary it${like}.`)
  }

  #set(file: File | undefined): void {
    this.#file = file
    this.#chosen.hidden = file === undefined
    byId('span', 'file-name').textContent = file?.name ?? ''
  }

  #listenToDrops(onChange: (message: string) => void): void {
    const veil = byId('div', 'drop-veil')
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    addEventListener('dragover', (event) => {
      if (!hasFile(event)) return
      event.preventDefault()
      veil.hidden = false
    })
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) veil.hidden = true
    })
    addEventListener('drop', (event) => {
      veil.hidden = true
      if (!hasFile(event)) return
      event.preventDefault()
      this.#take(event.dataTransfer?.files[0], onChange)
    })
  }
}
