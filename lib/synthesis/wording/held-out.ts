/**
 * A tenth of the wordings is held out: no caption of a data set uses them, so that a model can be
 * asked with words that it never saw together.
 *
 * A wording is a frame with noun and verb in it and the words about axes left open, such as
 * '{places}, {a church bell} tolls {adverbs}'. It is held out where the first 32 bits of the SHA-256
 * of its UTF-8 text, big-endian, leave 0 when divided by 10. No seed is in it: what is held out is
 * held out of every data set.
 */
import { createHash } from 'node:crypto'

const part = 10

export function isHeldOut(wording: string): boolean {
  return createHash('sha256').update(wording).digest().readUInt32BE() % part === 0
}
