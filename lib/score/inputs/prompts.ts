/** Which text every generated clip was made from. */

import type { ClipSource } from '../../audio/clip-source.js'
import { InvalidOptionError } from '../../errors.js'
import type { Skipped } from '../../files/walk.js'
import { show } from '../../options.js'
import type { ResolvedSet } from './inputs.js'
import { clipsByName, listSome, pairName, wantedPart } from './pairing.js'
import { type PromptEntry, readPromptsFile } from './prompts-file.js'

/**
 * The prompts of the generated clips:
 * - a file: `.json` as `audioldm generate --json` prints it; `.jsonl`, `.csv` or `.tsv` with a
 *   `prompt` (`caption`, `text`) and a `name` (`file_name`, `file`, `path`); else text, a prompt a
 *   line;
 * - texts by the name of the clip: its path in the folder, with or without extension;
 * - texts in the order of the clips as they are given; within a folder by name.
 */
export type Prompts = string | readonly string[] | Readonly<Record<string, string>>

/** What became of the prompts. */
export interface PairedPrompts {
  /** By the index of the clip; never empty. */
  texts: Map<number, string>
  /** Clips without one. */
  skipped: Skipped[]
  /** The names of those that belong to no clip. */
  unused: string[]
  /** Why clips cannot be compared with prompts, if they cannot. */
  problem?: string
}

const byManifest = "The output of 'audioldm generate --json' says which prompt made which file."

/** Refuses at once what cannot be prompts. */
export function checkPrompts(value: unknown): Prompts {
  const object = typeof value === 'object' && value !== null ? value : undefined
  if (object === undefined && (typeof value !== 'string' || value === '')) {
    const expected = 'expected a file, a list of texts or texts by the name of their clip'
    throw new InvalidOptionError('prompts', `${expected}, got ${show(value)}`)
  }
  for (const [name, text] of Object.entries(object ?? {})) {
    if (typeof text === 'string') continue
    const label = Array.isArray(value) ? `prompts[${name}]` : `prompts.${name}`
    throw new InvalidOptionError(label, `expected a text, got ${show(text)}`)
  }
  return value as Prompts
}

/** @throws InvalidOptionError for a file that cannot be read, or that names some clips only. */
export async function readPrompts(prompts: Prompts): Promise<PromptEntry[]> {
  const entries = await entriesOf(prompts)
  const unnamed = entries.findIndex(({ name }) => name === undefined)
  if (unnamed >= 0 && entries.some(({ name }) => name !== undefined)) {
    const message = `number ${unnamed + 1} of ${entries.length} says not of which clip it is`
    throw new InvalidOptionError('prompts', message, 'Name the clips of all of them, or of none.')
  }
  return entries
}

async function entriesOf(prompts: Prompts): Promise<PromptEntry[]> {
  if (typeof prompts === 'string') return readPromptsFile(prompts)
  if (Array.isArray(prompts)) return prompts.map((prompt) => ({ prompt }))
  return Object.entries(prompts).map(([name, prompt]) => ({ name, prompt }))
}

export function pairPrompts(
  { clips, listed }: Pick<ResolvedSet, 'clips' | 'listed'>,
  entries: PromptEntry[],
): PairedPrompts {
  const named = entries.some(({ name }) => name !== undefined)
  const paired = named ? byName(clips, entries) : byOrder(clips, listed, entries)
  if (!('given' in paired)) return paired
  const { given, unused } = paired
  const result: PairedPrompts = { texts: new Map(), skipped: [], unused }
  const alone: string[] = []
  for (const [i, { path }] of clips.entries()) {
    const text = given.get(i)
    if (text === undefined) alone.push(path)
    if (text?.trim()) result.texts.set(i, text)
    else result.skipped.push({ path, reason: text === undefined ? 'no prompt' : 'an empty prompt' })
  }
  if (given.size / clips.length <= wantedPart) {
    const counts = `${given.size} of ${clips.length} clips have a prompt, and more than 99 % must`
    result.problem = `${counts}; without one: ${listSome(alone)}`
  } else if (result.texts.size === 0) {
    result.problem = 'all of them are empty'
  }
  return result
}

interface Given {
  given: Map<number, string>
  unused: string[]
}
const unpaired = (problem: string): PairedPrompts => ({
  ...{ texts: new Map(), skipped: [], unused: [] },
  problem,
})

function byOrder(
  clips: ClipSource[],
  listed: ClipSource[],
  entries: PromptEntry[],
): Given | PairedPrompts {
  if (entries.length !== clips.length) {
    const counts = `${entries.length} prompts and ${clips.length} clips`
    return unpaired(`${counts} cannot be paired by order. ${byManifest}`)
  }
  const texts = new Map(listed.map((clip, i) => [clip, entries[i].prompt]))
  const given = new Map(clips.map((clip, i) => [i, texts.get(clip) as string]))
  return { given, unused: [] }
}

function byName(clips: ClipSource[], entries: PromptEntry[]): Given | PairedPrompts {
  const index = clipsByName(clips, 'generated clips')
  if (index.problem !== undefined) return unpaired(index.problem)
  const given = new Map<number, string>()
  const unused: string[] = []
  for (const { name = '', prompt } of entries) {
    const clip = findClip(index.clips, name)
    if (clip === undefined) {
      unused.push(name)
    } else if ((given.get(clip) ?? prompt) !== prompt) {
      return unpaired(`there are two different prompts for ${clips[clip].path}`)
    } else {
      given.set(clip, prompt)
    }
  }
  return { given, unused }
}

/** By its path in the folder, or a longer one that ends in it. */
function findClip(clips: Map<string, number>, name: string): number | undefined {
  let rest = pairName(name)
  for (;;) {
    const found = clips.get(rest)
    const slash = rest.indexOf('/')
    if (found !== undefined || slash < 0) return found
    rest = rest.slice(slash + 1)
  }
}
