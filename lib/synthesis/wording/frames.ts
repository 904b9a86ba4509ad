/** The shapes of captions: what stands where, and which words of an axis have a place in it. */

export type Role = 'adjectives' | 'adverbs' | 'places'

/**
 * `{np}` is the noun with article and adjectives, `{bare}` without article, `{noun}` the noun alone;
 * `{ing}`, `{finite}` and `{base}` are forms of the verb. The rest are words about axes; `{list}` has
 * adjectives and places.
 */
export interface Frame {
  pattern: string
  roles: readonly Role[]
  /** A caption has at least one word of this role; without, it would be that of another frame. */
  needs?: Role
  /** Only of nouns with an article: of others, `{bare}` and `{np}` are the same. */
  article?: true
}

const all: readonly Role[] = ['adjectives', 'adverbs', 'places']

export const frames: readonly Frame[] = [
  { pattern: '{np}', roles: ['adjectives'] },
  { pattern: '{np}, {places}', roles: ['adjectives', 'places'], needs: 'places' },
  { pattern: '{bare}', roles: ['adjectives'], article: true },
  {
    pattern: '{bare}, {places}',
    roles: ['adjectives', 'places'],
    needs: 'places',
    article: true,
  },
  { pattern: '{noun}: {list}', roles: ['adjectives', 'places'], needs: 'adjectives' },
  { pattern: 'the sound of {np} {places}', roles: ['adjectives', 'places'] },
  { pattern: '{np} can be heard {places}', roles: ['adjectives', 'places'] },
  { pattern: 'a recording of {np}, {places}', roles: ['adjectives', 'places'], needs: 'places' },
  { pattern: '{np} {ing} {adverbs}', roles: ['adjectives', 'adverbs'] },
  { pattern: '{np} {ing} {adverbs} {places}', roles: all, needs: 'places' },
  { pattern: '{np} {finite} {adverbs}', roles: ['adjectives', 'adverbs'] },
  { pattern: '{np} {finite} {adverbs} {places}', roles: all, needs: 'places' },
  { pattern: '{places}, {np} {finite} {adverbs}', roles: all, needs: 'places' },
  { pattern: 'the sound of {np} {ing} {adverbs}', roles: ['adjectives', 'adverbs'] },
  { pattern: 'you can hear {np} {base} {adverbs} {places}', roles: all },
  { pattern: '{noun} {ing}: {list}', roles: ['adjectives', 'places'], needs: 'adjectives' },
]

/** Whether the frame says what the subject does. */
export function hasVerb({ pattern }: Frame): boolean {
  return /\{(ing|finite|base)\}/.test(pattern)
}
