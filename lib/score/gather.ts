/** Goes through the clips of a side, and what can be said when both are gathered. */

import type { SideName } from '../metrics/context.js'
import type { Comparison, GatheredSides } from './comparison.js'
import type { Extractor } from './features/extractor.js'
import type { Pairing } from './inputs/pairing.js'
import type { Needs } from './plan.js'
import { batchSizeOf, checkSaved } from './prepare-run.js'
import type { Role } from './schema.js'
import { gatherSide, type Side, type SideFeatures } from './statistics/side.js'

/** The backbones that serve a side. */
export function rolesOf(needs: Needs): Set<Role> {
  return new Set([...needs.statistics, ...needs.rows, ...needs.logits])
}

/** Before hours of work on the other side. */
export function checkSavedSides({ plan, extractors, generated, reference }: Comparison): void {
  for (const [side, needs] of [
    [generated, plan.needs.generated],
    [reference, plan.needs.reference],
  ] as const) {
    const used = [...rolesOf(needs)].map((role) => extractors.get(role) as Extractor)
    if (side) checkSaved(side, used)
  }
}

export function gather(comparison: Comparison, name: SideName): Promise<SideFeatures> {
  const { session, plan, extractors, control, options } = comparison
  const side = comparison[name] as Side
  const needs = plan.needs[name]
  const gatherings = [...rolesOf(needs)].map((role) => ({
    extractor: extractors.get(role) as Extractor,
    statistics: needs.statistics.has(role),
    rows: needs.rows.has(role),
    logits: needs.logits.has(role),
  }))
  const merge = [...needs.statistics].map((role) => extractors.get(role)?.name as string)
  return gatherSide(
    session,
    side,
    { gatherings, merge },
    { batchSize: batchSizeOf(options, session) },
    {
      onClip: (progress) => control.emit({ type: 'step', stage: name, ...progress }),
      onSkipped: (skipped) => control.emit({ type: 'skipped', side: name, ...skipped }),
    },
  )
}

/** Pairs of which both clips could be read. */
export function readablePairs({ pairing, control }: Comparison, both: GatheredSides): Pairing {
  const { generated, reference } = both
  const pairs = pairing.pairs.filter(
    (pair) => generated.facts.has(pair.generated) && reference?.facts.has(pair.reference),
  )
  if (reference && pairs.length < 0.99 * pairing.pairs.length) {
    const message = `only ${pairs.length} of ${pairing.pairs.length} pairs can be read on both sides`
    control.emit({ type: 'warning', message })
  }
  return { ...pairing, pairs }
}
