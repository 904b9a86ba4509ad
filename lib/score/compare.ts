/** Goes through both sides and computes the metrics of a plan. */

import type { SideName } from '../metrics/context.js'
import type { Metric } from '../metrics/metric.js'
import type { Comparison, GatheredSides } from './comparison.js'
import { computeMetrics, rowCount } from './compute-metrics.js'
import type { Extractor } from './features/extractor.js'
import type { PromptEmbeddings } from './features/prompt-embeddings.js'
import type { Pairing } from './inputs/pairing.js'
import type { PairedPrompts } from './inputs/prompts.js'
import { clipRows } from './per-clip.js'
import { type Needs, roleOf } from './plan.js'
import { batchSizeOf, checkSaved } from './prepare-run.js'
import { scoreProtocol } from './protocol/protocol.js'
import { writeReport } from './report/report.js'
import type { ScoredPrompts, ScoredSide, ScoreResult } from './result.js'
import type { Role } from './schema.js'
import { gatherSide, type Side, type SideFeatures } from './statistics/side.js'
import { saveStatisticsFile } from './statistics/statistics-file.js'

/** The backbones that serve a side. */
export function rolesOf(needs: Needs): Set<Role> {
  return new Set([...needs.statistics, ...needs.rows, ...needs.logits])
}

export async function compare(comparison: Comparison): Promise<ScoreResult> {
  const { plan, reference, extractors, options } = comparison
  const compares = plan.metrics.some((metric) => metric.reference || metric.paired)
  const gathered: Partial<Record<SideName, SideFeatures>> = {}
  try {
    checkSavedSides(comparison)
    gathered.generated = await gather(comparison, 'generated')
    if (reference && (compares || options.saveStatistics)) {
      gathered.reference = await gather(comparison, 'reference')
      await saveReference(comparison, gathered.reference)
    }
    const both = { generated: gathered.generated, reference: gathered.reference }
    const pairing = readablePairs(comparison, both)
    const outcome = await computeMetrics({ ...comparison, pairing }, both)
    const { metrics, values, clips, embedded } = outcome
    const { session, prompts } = comparison
    const paired = metrics.some((metric) => metric.paired)
    const result: ScoreResult = {
      metrics: values,
      generated: describeSide(extractors, comparison.generated, both.generated),
      ...(both.reference && {
        reference: describeSide(extractors, reference as Side, both.reference),
      }),
      ...(paired && { pairs: pairing.pairs.length }),
      ...(prompts && embedded && { prompts: describePrompts(prompts, embedded) }),
      features: {
        computed: both.generated.computed + (both.reference?.computed ?? 0),
        cached: both.generated.cached + (both.reference?.cached ?? 0),
      },
      protocol: scoreProtocol(
        {
          device: session.device,
          dtype: session.dtype,
          arithmetic: session.arithmetic,
          libtorch: session.native.libtorch.version,
          mono: comparison.waveform.mono,
          resampler: comparison.waveform.resampler,
          pairing: pairing.mode,
          ...(embedded && { textEncoder: embedded.protocol }),
        },
        [...extractors.values()],
        metrics.map((metric) => ({ metric, backbone: backboneOf(metric, comparison) })),
      ),
      ...(comparison.perClip && {
        clips: clipRows(both.generated, clips, {
          generated: comparison.generated.clips,
          ...(reference && { reference: reference.clips }),
          pairs: pairing.pairs,
          ...(embedded && { prompts: prompts?.texts }),
        }),
      }),
    }
    const { html, perClip } = options
    if (html !== undefined) {
      const inputs = { comparison: { ...comparison, pairing }, both, result }
      await writeReport(html, { ...inputs, warnings: comparison.warnings })
      if (!perClip) delete result.clips
    }
    return result
  } finally {
    gathered.generated?.dispose()
    gathered.reference?.dispose()
  }
}

/** The name of what it compares by; none where it compares waveforms. */
function backboneOf({ generated }: Metric, { given, extractors }: Comparison): string | undefined {
  return generated && extractors.get(roleOf(generated.source, given))?.name
}

/** Before hours of work on the other side. */
function checkSavedSides({ plan, extractors, generated, reference }: Comparison): void {
  for (const [side, needs] of [
    [generated, plan.needs.generated],
    [reference, plan.needs.reference],
  ] as const) {
    const used = [...rolesOf(needs)].map((role) => extractors.get(role) as Extractor)
    if (side) checkSaved(side, used)
  }
}

function gather(comparison: Comparison, name: SideName): Promise<SideFeatures> {
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

async function saveReference(
  { options, extractors, plan }: Comparison,
  features: SideFeatures,
): Promise<void> {
  if (options.saveStatistics === undefined) return
  const entries = [...plan.needs.reference.statistics].map((role) => {
    const { protocol, name } = extractors.get(role) as Extractor
    const statistics = features.statistics.get(name)
    return statistics && { protocol, statistics }
  })
  const known = entries.filter((entry) => entry !== undefined)
  await saveStatisticsFile(options.saveStatistics, { clips: features.count, entries: known })
}

/** Pairs of which both clips could be read. */
function readablePairs({ pairing, control }: Comparison, both: GatheredSides): Pairing {
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

function describePrompts(
  { skipped, unused }: PairedPrompts,
  { rows }: PromptEmbeddings,
): ScoredPrompts {
  return { count: rows.size, skipped, unused: unused.length }
}

function describeSide(
  extractors: Map<Role, Extractor>,
  { saved, withRows }: Side,
  features: SideFeatures,
): ScoredSide {
  const vggish = extractors.get('vggish')
  const frames = vggish ? rowCount(features, vggish.name) : 0
  const files = [...saved, ...withRows].map(({ path, clips, license }) => ({
    ...{ path, clips },
    ...(license && { license }),
  }))
  return {
    count: features.count,
    skipped: features.skipped,
    ...(frames > 0 && { frames }),
    ...(files.length > 0 && { saved: files }),
  }
}
