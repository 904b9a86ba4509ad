/** `serve --model`: what to load, and the name that requests call it by. */
import { InvalidOptionError } from '../errors.js'

export interface NamedModel {
  name: string
  /** A folder or hub id; undefined: the model in the package. */
  source?: string
}

/** A parser for commander, called for each `--model`: `name=source`, or a source with its last part. */
export function addModel(text: string, before: NamedModel[] = []): NamedModel[] {
  const [, given, rest] = /^(?:([\w.-]+)=)?(.*)$/s.exec(text) as RegExpExecArray
  const name = given ?? /([^/]+)\/*$/.exec(rest)?.[1]
  if (rest === '' || name === undefined) {
    throw new InvalidOptionError('--model', `expected a folder or hub id, got '${text}'`)
  }
  if (before.some((other) => other.name === name)) {
    const message = `two models are named '${name}'`
    throw new InvalidOptionError('--model', message, 'Name them: --model NAME=FOLDER.')
  }
  return [...before, { name, source: rest }]
}
