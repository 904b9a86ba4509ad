import type { Dataset } from '../datasets/dataset.js'
import { parseDatasetSpec } from '../datasets/spec.js'
import { InvalidOptionError } from '../errors.js'

/** A parser for commander: a data set as esc50:DIR. */
export function datasetValue(option: string): (spec: string) => Dataset {
  return (spec) => {
    try {
      return parseDatasetSpec(spec)
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error
      const reason = error.option === 'dataset' ? error.message.slice(9) : error.message
      throw new InvalidOptionError(option, reason, error.hint)
    }
  }
}
