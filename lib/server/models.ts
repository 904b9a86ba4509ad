/** The models that a server has, by the names that requests call them. */
import { AudioLDMError, InvalidOptionError } from '../errors.js'
import { Model } from '../model/model.js'
import { show } from '../options.js'

export class ServedModels {
  readonly #models: Map<string, Model>

  /** @throws InvalidOptionError */
  constructor(given: unknown) {
    const entries = given instanceof Model ? [['default', given]] : Object.entries(given ?? {})
    if (typeof given !== 'object' || entries.length === 0) {
      const expected = 'expected a model from loadModel(), or models by name'
      throw new InvalidOptionError('models', `${expected}, got ${show(given)}`)
    }
    for (const [name, model] of entries) {
      if (!(model instanceof Model)) {
        throw new InvalidOptionError(`models.${name}`, 'expected a model from loadModel()')
      }
    }
    this.#models = new Map(entries as [string, Model][])
  }

  get names(): string[] {
    return [...this.#models.keys()]
  }

  /** The first one where a request names none. @throws InvalidOptionError */
  get(name = this.names[0]): Model {
    const model = this.#models.get(name)
    if (model) return model
    throw new InvalidOptionError(
      'model',
      `there is no '${name}'; there are ${this.names.join(', ')}`,
    )
  }

  /** Runs `work` with a model, whose folder no message gives away. */
  async use<T>(name: string | undefined, work: (model: Model) => Promise<T>): Promise<T> {
    const model = this.get(name)
    try {
      return await work(model)
    } catch (error) {
      const { path } = model.info
      if (!(error instanceof AudioLDMError) || !error.message.includes(path)) throw error
      const own = name ?? this.names[0]
      const { hint, code, message } = error
      throw new AudioLDMError(code, message.replaceAll(path, own), { hint, cause: error })
    }
  }

  all(): [string, Model][] {
    return [...this.#models]
  }
}
