/** Gathers both sides and computes the metrics of a plan. */

import type { SideName } from '../metrics/context.js'
import type { Resampling } from '../metrics/resampling.js'
import type { Comparison } from './comparison.js'
import { computeMetrics, rowCount } from './compute-metrics.js'
import type { Extractor } from './features/extractor.js'
import type { PromptEmbeddings } from './features/prompt-embeddings.js'
import { checkSavedSides, gather, readablePairs } from './gather.js'
import type { PairedPrompts } from './inputs/prompts.js'
import { intervalProtocol, intervalsOf, resamplingOf } from './intervals.js'
import { clipRows } from './per-clip.js'
import { type PlannedMetric, roleOf } from './plan.js'
import { type ScoreProtocol, scoreProtocol } from './protocol/protocol.js'
import { writeReport } from './report/report.js'
import type { ScoredPrompts, ScoredSide, ScoreResult } from './result.js'
import type { Role } from './schema.js'
import type { Side, SideFeatures } from './statistics/side.js'
import { saveStatisticsFile } from './statistics/statistics-file.js'

export async function compare(comparison: Comparison): Promise<ScoreResult> {
  const { plan, reference, extractors, options } = comparison
  const compares = plan.metrics.some(({ metric }) => metric.reference || metric.paired)
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
    const resampling = resamplingOf(options, reference)
    const outcome = await computeMetrics({ ...comparison, pairing }, both, resampling)
    const { metrics, values, scatters, clips, embedded } = outcome
    const { prompts } = comparison
    const paired = metrics.some(({ metric }) => metric.paired)
    const result: ScoreResult = {
      metrics: values,
      ...(resampling && { intervals: intervalsOf(scatters) }),
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
      protocol: protocolOf({ ...comparison, pairing }, outcome, resampling),
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
function backboneOf(planned: PlannedMetric, { extractors }: Comparison): string | undefined {
  const { generated } = planned.metric
  return generated && extractors.get(roleOf(generated.source, planned))?.name
}

export function protocolOf(
  comparison: Comparison,
  { metrics, embedded }: { metrics: PlannedMetric[]; embedded?: PromptEmbeddings },
  resampling: Resampling | undefined,
  level?: number,
): ScoreProtocol {
  const { session, waveform, pairing, extractors } = comparison
  return scoreProtocol(
    {
      device: session.device,
      dtype: session.dtype,
      arithmetic: session.arithmetic,
      libtorch: session.native.libtorch.version,
      mono: waveform.mono,
      resampler: waveform.resampler,
      pairing: pairing.mode,
      ...(embedded && { textEncoder: embedded.protocol }),
      ...(comparison.options.preset && { preset: comparison.options.preset }),
      ...(resampling && { intervals: intervalProtocol(resampling, comparison.reference, level) }),
    },
    [...extractors.values()],
    metrics.map((each) => ({ ...each, backbone: backboneOf(each, comparison) })),
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

function describePrompts(
  { skipped, unused }: PairedPrompts,
  { rows }: PromptEmbeddings,
): ScoredPrompts {
  return { count: rows.size, skipped, unused: unused.length }
}

export function describeSide(
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
