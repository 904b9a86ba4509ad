/** One row a generated clip, readable or not. */

import type { ClipSource } from '../audio/clip-source.js'
import type { Pair } from '../metrics/context.js'
import type { ClipScores } from '../metrics/metric.js'
import type { SideFeatures } from './statistics/side.js'

export interface ClipRow extends ClipScores {
  /** Its path in the folder, or its name. */
  name: string
  path: string
  /** Why it was not scored. */
  skipped?: string
  durationSeconds?: number
  /** Of the file, Hz. */
  sampleRate?: number
  channels?: number
  /** The path of the reference it was paired with. */
  pair?: string
  /** That its clap is the similarity with. */
  prompt?: string
  /** AudioSet's class of the highest logit, 0 … 526, and its probability (sigmoid). */
  topClass?: number
  topProbability?: number
}

/** What the generated clips were compared with. */
export interface ClipPartners {
  generated: ClipSource[]
  reference?: ClipSource[]
  pairs: Pair[]
  prompts?: ReadonlyMap<number, string>
}

export function clipRows(
  features: SideFeatures,
  scores: Map<number, ClipScores>[],
  { generated, reference, pairs, prompts }: ClipPartners,
): ClipRow[] {
  const reasons = new Map(features.skipped.map(({ path, reason }) => [path, reason]))
  const partners = new Map(pairs.map((pair) => [pair.generated, pair.reference]))
  const [logits] = features.logits.values()
  return generated.map((clip, i) => {
    const row: ClipRow = { name: clip.name ?? clip.path, path: clip.path }
    const facts = features.facts.get(i)
    if (facts === undefined) return { ...row, skipped: reasons.get(clip.path) ?? 'not read' }
    Object.assign(row, facts, ...scores.map((each) => each.get(i) ?? {}))
    const partner = partners.get(i)
    if (partner !== undefined) row.pair = reference?.[partner].path
    const prompt = prompts?.get(i)
    if (prompt !== undefined) row.prompt = prompt
    if (logits) Object.assign(row, topClass(logits.of(i)))
    return row
  })
}

function topClass(logits: Float32Array): Pick<ClipRow, 'topClass' | 'topProbability'> {
  let topClass = 0
  logits.forEach((value, i) => {
    if (value > logits[topClass]) topClass = i
  })
  return { topClass, topProbability: 1 / (1 + Math.exp(-logits[topClass])) }
}
