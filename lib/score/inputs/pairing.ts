/** Which generated clip is compared with which reference. */
import type { ClipSource } from '../../audio/clip-source.js'
import type { Pair } from '../../metrics/context.js'

export const pairingModes = ['name', 'order', 'none'] as const
export type PairingMode = (typeof pairingModes)[number]

export interface Pairing {
  mode: PairingMode
  pairs: Pair[]
  /** Why metrics of pairs cannot be computed, if they cannot. */
  problem?: string
}

/** As audioldm_eval wants it: of each side, more than this part must have a partner. */
export const wantedPart = 0.99

export function pairClips(
  generated: ClipSource[],
  reference: ClipSource[],
  mode: PairingMode,
): Pairing {
  if (mode === 'none') return { mode, pairs: [], problem: "pairing is 'none'" }
  return mode === 'order' ? byOrder(generated, reference) : byName(generated, reference)
}

/** By name where all clips have one. */
export function defaultPairing(...sides: ClipSource[][]): PairingMode {
  return sides.flat().every((clip) => clip.name !== undefined) ? 'name' : 'order'
}

function byOrder(generated: ClipSource[], reference: ClipSource[]): Pairing {
  const [a, b] = [generated.length, reference.length]
  if (a !== b) {
    const problem = `${a} generated clips and ${b} references cannot be paired by order`
    return { mode: 'order', pairs: [], problem }
  }
  return { mode: 'order', pairs: generated.map((_, i) => ({ generated: i, reference: i })) }
}

function byName(generated: ClipSource[], reference: ClipSource[]): Pairing {
  const mode = 'name'
  const own = clipsByName(generated, 'generated clips')
  const other = clipsByName(reference, 'references')
  const problem = own.problem ?? other.problem
  if (problem !== undefined) return { mode, pairs: [], problem }
  const pairs: Pair[] = []
  const alone: string[] = []
  generated.forEach((clip, i) => {
    const partner = other.clips.get(pairName(clip.name as string))
    if (partner === undefined) alone.push(clip.path)
    else pairs.push({ generated: i, reference: partner })
  })
  const enough = (count: number) => pairs.length / count > wantedPart
  if (enough(generated.length) && enough(reference.length)) return { mode, pairs }
  for (const clip of reference)
    if (!own.clips.has(pairName(clip.name as string))) alone.push(clip.path)
  return {
    mode,
    pairs: [],
    problem:
      `${pairs.length} names are common to ${generated.length} generated clips and ` +
      `${reference.length} references, and more than 99 % must be; without a partner: ${listSome(alone)}`,
  }
}

/** Their indices by `pairName`. */
export function clipsByName(
  clips: ClipSource[],
  what: string,
): { clips: Map<string, number>; problem?: string } {
  const found = new Map<string, number>()
  for (const [i, clip] of clips.entries()) {
    if (clip.name === undefined) return { clips: found, problem: `${clip.path} has no name` }
    const name = pairName(clip.name)
    const same = found.get(name)
    if (same !== undefined) {
      const problem = `two ${what} are named '${name}': ${clips[same].path} and ${clip.path}`
      return { clips: found, problem }
    }
    found.set(name, i)
  }
  return { clips: found }
}

const soundExtension =
  /(?<=[^/])\.(wav|wave|rf64|w64|flac|ogg|oga|opus|mp3|m4a|mp4|aac|webm|aiff?|caf|au|snd|amr|qoa|wma)$/i

/** The path in its folder, without the extension: a.wav is compared with a.flac. */
export function pairName(name: string): string {
  return name.normalize('NFC').replace(soundExtension, '')
}

export function listSome(names: string[]): string {
  const { length } = names
  return names.slice(0, 3).join(', ') + (length > 3 ? ` and ${length - 3} more` : '')
}
