/** Seeded random parts of a data set. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { expecting, integerIn, numberIn, parseOptions, seedOption } from '../options.js'
import type { DatasetClip } from './dataset.js'

export interface SplitOptions {
  /** How many clips come first; this or `fraction`. */
  count?: number
  /** Which part of the clips comes first, 0 … 1, rounded to whole clips. */
  fraction?: number
  /** Default: 0. */
  seed?: number | bigint
  /** 'label': every label has the same part in both. Default: labels are not looked at. */
  by?: 'label'
}

const schema = z
  .strictObject({
    count: integerIn(0, 2 ** 31).optional(),
    fraction: numberIn(0, 1).optional(),
    seed: seedOption.default(0),
    by: z.literal('label', expecting("'label'")).optional(),
  })
  .refine(({ count, fraction }) => (count === undefined) !== (fraction === undefined), {
    path: ['count'],
    error: 'give either count or fraction',
  })

/**
 * Takes `count` clips at random; both parts keep the order of `clips`.
 *
 * The clips are ranked by SHA-256 of `<seed>\n<id>` in UTF-8, compared byte by byte, and the first
 * ones taken. So the same clips are taken on every machine, in any order of the list; and of a data
 * set that lacks some files, the same ones as far as they are there.
 *
 * By label, every group of clips with the same labels gives its part: its size times count over the
 * number of clips, rounded down; groups with the largest remainders give one more until there are
 * `count`, of equal ones that whose labels come first in the order of code units.
 */
export function splitClips<C extends Pick<DatasetClip, 'id' | 'labels'>>(
  clips: readonly C[],
  options: SplitOptions,
): { first: C[]; rest: C[] } {
  const { count, fraction = 0, seed, by } = parseOptions(schema, options)
  const wanted = count ?? Math.round(fraction * clips.length)
  if (wanted > clips.length) {
    throw new InvalidOptionError('count', `is ${wanted}, but there are only ${clips.length} clips`)
  }
  const ranked = rank(clips, seed)
  const taken = new Set(by === 'label' ? byLabel(ranked, wanted) : ranked.slice(0, wanted))
  return {
    first: clips.filter((clip) => taken.has(clip)),
    rest: clips.filter((clip) => !taken.has(clip)),
  }
}

function rank<C extends Pick<DatasetClip, 'id'>>(clips: readonly C[], seed: number | bigint): C[] {
  const keyed = clips.map((clip) => {
    const key = createHash('sha256').update(`${seed}\n${clip.id}`).digest('hex')
    return { clip, key }
  })
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ clip }) => clip)
}

function byLabel<C extends Pick<DatasetClip, 'labels'>>(ranked: C[], wanted: number): C[] {
  const groups = new Map<string, C[]>()
  for (const clip of ranked) {
    const key = clip.labels.join('\0')
    const group = groups.get(key)
    if (group) group.push(clip)
    else groups.set(key, [clip])
  }
  const shares = [...groups].map(([key, members]) => {
    // Whole numbers: a quotient could be rounded differently in another language.
    const product = members.length * wanted
    const remainder = product % ranked.length
    return { key, members, size: (product - remainder) / ranked.length, remainder }
  })
  shares.sort((a, b) => b.remainder - a.remainder || (a.key < b.key ? -1 : 1))
  let left = wanted - shares.reduce((sum, { size }) => sum + size, 0)
  return shares.flatMap(({ members, size }) => members.slice(0, left-- > 0 ? size + 1 : size))
}
