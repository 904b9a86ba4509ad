/** Takes in IndexedDB; where a browser has none, for as long as the page is open. */
import type { Take } from './take.js'

const name = 'takes'

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
}

export class TakeStore {
  readonly #database: IDBDatabase | undefined

  private constructor(database: IDBDatabase | undefined) {
    this.#database = database
  }

  static async open(): Promise<TakeStore> {
    try {
      const opening = indexedDB.open('audioldm', 1)
      opening.onupgradeneeded = () =>
        opening.result.createObjectStore(name, { keyPath: 'id', autoIncrement: true })
      return new TakeStore(await request(opening))
    } catch {
      return new TakeStore(undefined)
    }
  }

  /** Whether takes outlive the page. */
  get keeps(): boolean {
    return this.#database !== undefined
  }

  /** Newest first. */
  async all(): Promise<Take[]> {
    return ((await this.#do('readonly', (store) => store.getAll())) ?? []).reverse()
  }

  /** Gives the take its id. @throws DOMException where there is no room */
  async add(take: Take): Promise<void> {
    const id = await this.#do('readwrite', (store) => store.add(take))
    take.id = (id as number | undefined) ?? Math.random()
  }

  async remove({ id }: Take): Promise<void> {
    await this.#do('readwrite', (store) => store.delete(id as number))
  }

  async #do<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | undefined> {
    if (!this.#database) return undefined
    return request(work(this.#database.transaction(name, mode).objectStore(name)))
  }
}
