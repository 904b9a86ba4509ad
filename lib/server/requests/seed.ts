import { z } from 'zod'
import { expecting } from '../../options.js'

const form = expecting('a whole number from 0 to 2^53 − 1, or one up to 2^64 − 1 as a text')

/** JSON's numbers lose digits beyond 2^53 − 1: those seeds are texts, both ways. */
export const seed = z.union(
  [
    z.int(form).min(0, form),
    z
      .string(form)
      .regex(/^\d{1,20}$/, form)
      .transform((text) => BigInt(text))
      .refine((value) => value < 2n ** 64n, form),
  ],
  form,
)

export function seedJson(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value)
}
