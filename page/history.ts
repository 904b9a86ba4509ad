/** The list of takes, newest first, and which of them are A and B. */
import { byId, create } from './dom.js'
import { detailsOf, type Take, titleOf } from './take.js'

export type Side = 'A' | 'B'

export interface HistoryListener {
  onOpen(take: Take): void
  onRemove(take: Take): void
  onSides(): void
}

export class History {
  readonly #list = byId('ol', 'takes')
  readonly #listener: HistoryListener
  #takes: Take[] = []
  #sides: Record<Side, Take | undefined> = { A: undefined, B: undefined }
  #current: Take | undefined

  constructor(listener: HistoryListener) {
    this.#listener = listener
  }

  set takes(takes: Take[]) {
    this.#takes = takes
    this.#sides = { A: takes[1], B: takes[0] }
    this.#render()
  }

  /** A new take is B, and what was the newest is A: they can be compared at once. */
  add(take: Take): void {
    const [before] = this.#takes
    this.#takes.unshift(take)
    this.#sides = { A: before, B: take }
    this.#render()
  }

  set current(take: Take | undefined) {
    this.#current = take
    this.#render()
  }

  get newest(): Take | undefined {
    return this.#takes[0]
  }

  /** The take to switch to: the other of A and B. */
  get other(): Take | undefined {
    const { A, B } = this.#sides
    if (!A || !B) return undefined
    return this.#current === B ? A : B
  }

  sideOf(take: Take): Side | undefined {
    return (['A', 'B'] as const).find((side) => this.#sides[side] === take)
  }

  #remove(take: Take): void {
    this.#takes = this.#takes.filter((other) => other !== take)
    for (const side of ['A', 'B'] as const) {
      if (this.#sides[side] === take) this.#sides[side] = undefined
    }
    this.#render()
    this.#listener.onRemove(take)
  }

  #setSide(side: Side, take: Take): void {
    const other = side === 'A' ? 'B' : 'A'
    if (this.#sides[other] === take) this.#sides[other] = this.#sides[side]
    this.#sides[side] = take
    this.#render()
  }

  #render(): void {
    const focused = document.activeElement?.getAttribute('data-key')
    this.#list.replaceChildren(...this.#takes.map((take) => this.#item(take)))
    byId('p', 'no-takes').hidden = this.#takes.length > 0
    if (focused) this.#list.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus()
    this.#listener.onSides()
  }

  #item(take: Take): HTMLLIElement {
    const item = create('li')
    const title = titleOf(take)
    const open = create('button', '', { class: 'open', 'data-key': `open-${take.id}` })
    open.append(
      create('span', title, { class: 'title' }),
      create('span', detailsOf(take), { class: 'details' }),
    )
    if (take === this.#current) open.setAttribute('aria-current', 'true')
    open.addEventListener('click', () => this.#listener.onOpen(take))
    const sides = (['A', 'B'] as const).map((side) => {
      const button = create('button', side, {
        class: 'side',
        'data-key': `${side}-${take.id}`,
        'aria-pressed': String(this.#sides[side] === take),
        'aria-label': `Compare as ${side}: ${title}`,
      })
      button.addEventListener('click', () => this.#setSide(side, take))
      return button
    })
    const remove = create('button', 'Delete', {
      class: 'quiet',
      'data-key': `remove-${take.id}`,
      'aria-label': `Delete: ${title}`,
    })
    remove.addEventListener('click', () => this.#remove(take))
    item.append(open, ...sides, remove)
    return item
  }
}
