import { z } from 'zod'
import { InvalidModelError } from '../errors.js'
import type { Json } from '../files/json.js'

const HINT = 'Use a folder saved by diffusers for an AudioLDMPipeline, or correct this file.'

/** Schemas of configuration fields. Each says in its message what is supported. */

export function int(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

export function number(min: number, max: number) {
  const error = `expected a number from ${min} to ${max}`
  return z.number({ error }).min(min, { error }).max(max, { error })
}

export function boolean() {
  return z.boolean({ error: 'expected true or false' })
}

/** Only these values; anything else would change the computation in a way no archive covers. */
export function only<const T extends string | number | boolean | null>(...values: T[]) {
  const supported = values.map((value) => JSON.stringify(value)).join(' or ')
  return z.literal(values, { error: `supported: ${supported}` })
}

export function list<T extends z.ZodType>(item: T, min: number, max: number) {
  const error = min === max ? `expected ${min} entries` : `expected ${min} to ${max} entries`
  return z.array(item, { error: 'expected a list' }).min(min, { error }).max(max, { error })
}

/** One value for all levels, or a list with one per level. */
export function oneOrList<T extends z.ZodType>(item: T, what: string) {
  return z.union([item, z.array(item).max(64)], { error: `expected ${what}, or a list of them` })
}

/** Refuses a field that is valid in itself but does not fit the others. */
export function refuse(file: string, field: string, found: unknown, expected: string): never {
  throw new InvalidModelError(`${file}: ${field} is ${show(found)}; ${expected}`, HINT)
}

/** The fields of the schema out of a config.json; absent ones get the schema's defaults. */
export function checkConfig<S extends z.ZodType>(
  file: string,
  schema: S,
  config: Json,
): z.output<S> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new InvalidModelError(`${file}: is not a JSON object`, HINT)
  }
  const result = schema.safeParse(config)
  if (result.success) return result.data
  const problems = result.error.issues
    .slice(0, 20)
    .map(({ path, message }) => `${path.join('.')} is ${show(valueAt(config, path))}; ${message}`)
  const [first, ...others] = problems
  throw new InvalidModelError([`${file}: ${first}`, ...others].join('\n  '), HINT)
}

/** A list with one value per level. */
export function perLevel<T>(file: string, field: string, value: T | T[], levels: number): T[] {
  if (!Array.isArray(value)) return new Array<T>(levels).fill(value)
  if (value.length !== levels) {
    refuse(file, field, value, `expected ${levels} entries, as many as block_out_channels has`)
  }
  return value
}

/** Normalisation groups must divide every width that is normalised. */
export function checkGroups(file: string, groups: number, widths: number[]): void {
  for (const width of widths) {
    if (width % groups !== 0) {
      refuse(file, 'norm_num_groups', groups, `expected a divisor of block_out_channels (${width})`)
    }
  }
}

function valueAt(config: Json, path: PropertyKey[]): unknown {
  let value: unknown = config
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  return value
}

function show(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
