/** Every wording of a class: each frame with each noun and verb that fit into it. */
import { type Frame, frames, hasVerb } from './frames.js'
import { isHeldOut } from './held-out.js'
import type { NounKind, Subject, Verb } from './subject.js'

export interface Wording {
  frame: Frame
  kind: NounKind
  noun: string
  verb?: Verb
  /** The frame with noun and verb in it. */
  text: string
  heldOut: boolean
}

export function wordingsOf(subjects: readonly Subject[]): Wording[] {
  return subjects.flatMap(({ kind, nouns, verbs }) =>
    frames
      .filter((frame) => fits(frame, kind))
      .flatMap((frame) =>
        nouns.flatMap((noun) =>
          hasVerb(frame)
            ? verbs.map((verb) => wording(frame, kind, noun, verb))
            : [wording(frame, kind, noun)],
        ),
      ),
  )
}

function fits(frame: Frame, kind: NounKind): boolean {
  if (frame.article && kind !== 'one' && kind !== 'the') return false
  // Of somebody, only what they do is heard.
  return kind !== 'who' || (hasVerb(frame) && frame.needs !== 'adjectives')
}

function wording(frame: Frame, kind: NounKind, noun: string, verb?: Verb): Wording {
  const text = frame.pattern
    .replace('{np}', `{np: ${noun}}`)
    .replace('{bare}', `{bare: ${noun}}`)
    .replace('{noun}', noun)
    .replace('{ing}', verb?.ing ?? '')
    .replace('{finite}', verb === undefined ? '' : kind === 'many' ? verb.plain : verb.finite)
    .replace('{base}', verb?.plain ?? '')
  return { frame, kind, noun, text, heldOut: isHeldOut(text), ...(verb && { verb }) }
}
