/** Values of command-line options, checked as soon as they are read. */
import type { z } from 'zod'
import { InvalidOptionError } from '../errors.js'

/** A parser for commander: `text` as the schema demands, else an error that names the option. */
export function textValue<T>(option: string, schema: z.ZodType<T>): (text: string) => T {
  return (text) => check(option, schema, text)
}

/** The same for numbers; what is no number reaches the schema, and its message, as it was typed. */
export function numberValue<T>(option: string, schema: z.ZodType<T>): (text: string) => T {
  return (text) => {
    const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())
    return check(option, schema, plain ? Number(text) : text)
  }
}

/** Seeds go up to 2^64 − 1, past the integers that a number holds. */
export function seedValue(option: string): (text: string) => bigint {
  return (text) => {
    const seed = /^\d{1,20}$/.test(text.trim()) ? BigInt(text.trim()) : undefined
    if (seed !== undefined && seed < 2n ** 64n) return seed
    throw new InvalidOptionError(
      option,
      `expected a whole number from 0 to 2^64 − 1, got '${text}'`,
    )
  }
}

function check<T>(option: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new InvalidOptionError(option, result.error.issues[0].message)
}
