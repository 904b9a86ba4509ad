/** Who or what sounds, and what it does. */

/**
 * - `one`: takes an article: a bell;
 * - `many`: plural: footsteps;
 * - `mass`: without article, singular: applause;
 * - `the`: what is done, with that article: the tolling of a bell;
 * - `who`: stands for itself and takes no adjective: somebody, a train.
 */
export type NounKind = 'one' | 'many' | 'mass' | 'the' | 'who'

export interface Verb {
  plain: string
  /** Third person singular. */
  finite: string
  /** Participle. */
  ing: string
}

/** Nouns that are interchangeable, each with any of the verbs. */
export interface Subject {
  kind: NounKind
  nouns: readonly string[]
  verbs: readonly Verb[]
}

/** `text`: an infinitive, other words may follow. `ing`: where its last letter is doubled. */
export function verb(text: string, ing?: string): Verb {
  const [first, ...rest] = text.split(' ')
  const with_ = (form: string) => [form, ...rest].join(' ')
  const finite = /(s|x|z|sh|ch|o)$/.test(first)
    ? `${first}es`
    : /[^aeiou]y$/.test(first)
      ? `${first.slice(0, -1)}ies`
      : `${first}s`
  const participle = ing ?? `${first.replace(/([^e])e$/, '$1')}ing`
  return { plain: text, finite: with_(finite), ing: with_(participle) }
}

function subject(kind: NounKind) {
  return (nouns: readonly string[], verbs: readonly Verb[] = []): Subject => ({
    kind,
    nouns,
    verbs,
  })
}

export const one = subject('one')
export const many = subject('many')
export const mass = subject('mass')
export const the = subject('the')
export const who = subject('who')
