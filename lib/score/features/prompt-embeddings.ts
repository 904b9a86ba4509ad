/** The prompts of clips as CLAP's text tower hears them. */
import type { ClapSpec } from '../../backbones/clap.js'
import { type EmbeddedText, TextTower } from '../../backbones/clap-text.js'
import type { ScoreProtocol } from '../protocol/protocol.js'
import type { Session } from './session.js'

export interface PromptEmbeddings {
  /** Of length 1, by the index of the clip. */
  rows: Map<number, Float64Array>
  /** Texts that were cut off. */
  truncated: number
  protocol: NonNullable<ScoreProtocol['textEncoder']>
}

/** `onText`: after each text, of which every one is embedded once. */
export async function embedPrompts(
  session: Session,
  spec: ClapSpec,
  texts: ReadonlyMap<number, string>,
  onText: (progress: { done: number; total: number; path: string }) => void,
): Promise<PromptEmbeddings> {
  const { native, device, threads, signal } = session
  const tower = await TextTower.open(spec, { native, device, threads, signal })
  const known = new Map<string, EmbeddedText>()
  try {
    const unique = new Set(texts.values())
    for (const text of unique) {
      known.set(text, await tower.embed(text))
      onText({ done: known.size, total: unique.size, path: text })
    }
  } finally {
    await tower.dispose()
  }
  const rowOf = (text: string) => (known.get(text) as EmbeddedText).row
  const { hash, settings } = tower
  return {
    rows: new Map([...texts].map(([clip, text]) => [clip, rowOf(text)])),
    truncated: [...known.values()].filter(({ truncated }) => truncated).length,
    protocol: { hash, settings },
  }
}
