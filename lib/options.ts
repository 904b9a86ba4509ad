/** Checks options with zod and reports the first problem as an InvalidOptionError that names it. */
import { z } from 'zod'
import { InvalidOptionError } from './errors.js'

/** The parsed value, defaults filled in. Unknown names are errors: a typo must not pass silently. */
export function parseOptions<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = innermost(result.error.issues[0])
  const path = issue.path.map((part, i) =>
    typeof part === 'number' ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`,
  )
  if (issue.code === 'unrecognized_keys') {
    throw new InvalidOptionError([...path, ...issue.keys].join('.'), 'there is no such option')
  }
  throw new InvalidOptionError(path.join('') || 'options', issue.message)
}

/** Of a value that is none of several forms, what is wrong inside the form that it came nearest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const inside = issue.errors
    .flat()
    .find(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
  return inside ? innermost({ ...inside, path: [...issue.path, ...inside.path] }) : issue
}

/** For the `error` of a schema or check: says what was expected and what was received. */
export function expecting(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: (issue) => `expected ${what}, got ${show(issue.input)}` }
}

/** A finite number within [min, max]. */
export function numberIn(min: number, max: number, unit = ''): z.ZodNumber {
  const error = expecting(`a number from ${min} to ${max}${unit}`)
  return z.number(error).min(min, error).max(max, error)
}

export function integerIn(min: number, max: number): z.ZodNumber {
  const error = expecting(`a whole number from ${min} to ${max}`)
  return z.number(error).min(min, error).max(max, error).int(error)
}

const seedForm = expecting('a whole number from 0 to 2^53 − 1, or a bigint up to 2^64 − 1')

export const seedOption = z.union(
  [
    z.int(seedForm).min(0, seedForm),
    z
      .bigint(seedForm)
      .min(0n, seedForm)
      .max(2n ** 64n - 1n, seedForm),
  ],
  seedForm,
)

export const abortSignal = z.instanceof(AbortSignal, expecting('an AbortSignal'))

export function show(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > 60 ? `'${value.slice(0, 57)}…'` : `'${value}'`
  }
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
