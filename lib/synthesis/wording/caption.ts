/** Puts words about axes into a wording. */
import type { Random } from '../parts/random.js'
import { type Axis, axisNames, type End } from './axes.js'
import type { Role } from './frames.js'
import type { Wording } from './wordings.js'

/** The ends that a clip is at. */
export type Ends = Partial<Record<Axis, End>>

/**
 * A caption of `wording` that says some of `ends`, most often all that have a place in it; undefined
 * where the wording needs a kind of word that there is none of.
 */
export function caption(wording: Wording, ends: Ends, random: Random): string | undefined {
  const { frame, kind } = wording
  const roles = frame.roles.filter((role) => kind !== 'who' || role !== 'adjectives')
  const words: Record<Role, string[]> = { adjectives: [], adverbs: [], places: [] }
  const all = random.chance(0.6)
  const order = random.shuffled(axisNames.filter((axis) => ends[axis] !== undefined))
  for (const axis of order) {
    const end = ends[axis] as End
    const open = roles.filter((role) => end[role].length > 0)
    // What a frame needs comes first; what it says of an axis, it says once.
    const needed = open.find((role) => role === frame.needs && words[role].length === 0)
    if (open.length === 0 || (!needed && !all && random.chance(0.4))) continue
    const role = needed ?? random.pick(open)
    words[role].push(random.pick(end[role]))
  }
  if (frame.needs && words[frame.needs].length === 0) return undefined
  return sentence(fill(wording, words, random), random)
}

function fill({ frame, kind, noun, verb }: Wording, words: Record<Role, string[]>, random: Random) {
  const { adjectives, adverbs, places } = words
  const joined = adjectives.join(adjectives.length === 2 && random.chance(0.3) ? ' and ' : ', ')
  const bare = joined === '' ? noun : `${joined} ${noun}`
  const slots: Record<string, string> = {
    np: kind === 'one' ? `${article(bare)} ${bare}` : kind === 'the' ? `the ${bare}` : bare,
    ...{ bare, noun },
    ing: verb?.ing ?? '',
    finite: verb === undefined ? '' : kind === 'many' ? verb.plain : verb.finite,
    base: verb?.plain ?? '',
    adverbs: adverbs.join(' and '),
    places: places.join(', '),
    list: [...adjectives, ...places].join(', '),
  }
  return frame.pattern
    .replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot])
    .replace(/ +/g, ' ')
    .trim()
}

/** Every word that can follow begins with the sound of its first letter. */
export function article(words: string): 'a' | 'an' {
  return /^[aeiou]/i.test(words) ? 'an' : 'a'
}

/** Some captions are written as sentences. */
function sentence(text: string, random: Random): string {
  return random.chance(0.2) ? `${text[0].toUpperCase()}${text.slice(1)}.` : text
}
