/** Sounds in requests: the bytes of a sound file in base64. There is no other way to give one. */
import { z } from 'zod'
import { expecting } from '../../options.js'

const form = expecting('the bytes of a sound file in base64')

export const sound = z
  .string(form)
  .meta({ contentEncoding: 'base64', description: 'The bytes of a sound file, in base64.' })
  .refine(isBase64, form)
  .transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')))

/** Without a regular expression over the whole: on megabytes it would run out of stack. */
function isBase64(text: string): boolean {
  if (text.length === 0 || text.length % 4 !== 0) return false
  const end = text.endsWith('==')
    ? text.length - 2
    : text.endsWith('=')
      ? text.length - 1
      : text.length
  return !/[^A-Za-z0-9+/]/.test(text.slice(0, end))
}
