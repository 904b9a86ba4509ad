/** A part of a set for one of several processes. */
import { InvalidOptionError } from '../../errors.js'

export interface Shard {
  /** Which one, from 0. */
  index: number
  /** Of how many. */
  count: number
}

export function checkShard(shard: Shard): void {
  if (shard.index < shard.count) return
  throw new InvalidOptionError('shard.index', `counts from 0 to ${shard.count - 1}`)
}

/** Every `count`-th item, the first being number `index`: shards differ in size by one at most. */
export function takeShard<T>(items: T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index)
}
