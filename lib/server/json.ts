import { seedJson } from './requests/seed.js'

/** JSON text; seeds beyond 2^53 become texts, and numbers that are not finite null. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? seedJson(v) : v))
}
