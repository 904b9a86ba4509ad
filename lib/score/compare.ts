/** Goes through both sides and computes the metrics of a plan. */
import { InvalidOptionError } from '../errors.js'
import type { JobControl } from '../job.js'
import type { ClipScores, Metric, MetricValues } from '../metrics/metric.js'
import type { MetricContext, SideName } from './context.js'
import type { Extractor } from './extractor.js'
import type { Pairing } from './pairing.js'
import { clipRows } from './per-clip.js'
import { type Needs, type Plan, reasonOf, roleOf } from './plan.js'
import { batchSizeOf, checkSaved } from './prepare-run.js'
import { scoreProtocol, type WaveformProtocol } from './protocol.js'
import type { ScoredSide, ScoreEvent, ScoreResult } from './result.js'
import type { GivenBackbones, ParsedScoreOptions, Role } from './schema.js'
import type { Session } from './session.js'
import { gatherSide, type Side, type SideFeatures } from './side.js'
import { compareSpectra } from './spectral-pairs.js'
import { saveStatisticsFile } from './statistics-file.js'

export interface Comparison {
  options: ParsedScoreOptions
  given: GivenBackbones
  generated: Side
  reference?: Side
  pairing: Pairing
  plan: Plan
  waveform: WaveformProtocol
  session: Session
  extractors: Map<Role, Extractor>
  control: JobControl<ScoreEvent>
}

/** The backbones that serve a side. */
export function rolesOf(needs: Needs): Set<Role> {
  return new Set([...needs.statistics, ...needs.rows, ...(needs.logits ? ['panns' as const] : [])])
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
    const { metrics, values, clips } = await computeMetrics({ ...comparison, pairing }, both)
    const { session } = comparison
    const paired = metrics.some((metric) => metric.paired)
    return {
      metrics: values,
      generated: describeSide(extractors, both.generated),
      ...(both.reference && {
        reference: describeSide(extractors, both.reference),
      }),
      ...(paired && { pairs: pairing.pairs.length }),
      features: {
        computed: both.generated.computed + (both.reference?.computed ?? 0),
        cached: both.generated.cached + (both.reference?.cached ?? 0),
      },
      protocol: scoreProtocol(
        {
          device: session.device,
          dtype: session.dtype,
          libtorch: session.native.libtorch.version,
          mono: comparison.waveform.mono,
          resampler: comparison.waveform.resampler,
          pairing: pairing.mode,
        },
        [...extractors.values()],
        metrics,
      ),
      ...(options.perClip && {
        clips: clipRows(comparison.generated, reference, both.generated, pairing, clips),
      }),
    }
  } finally {
    gathered.generated?.dispose()
    gathered.reference?.dispose()
  }
}

/** Before hours of work on the other side. */
function checkSavedSides({ plan, extractors, generated, reference }: Comparison): void {
  for (const [side, needs] of [
    [generated, plan.needs.generated],
    [reference, plan.needs.reference],
  ] as const) {
    const used = [...needs.statistics].map((role) => extractors.get(role) as Extractor)
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
    logits: needs.logits && role === 'panns',
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
  await saveStatisticsFile(options.saveStatistics, features.count, known)
}

interface Both {
  generated: SideFeatures
  reference?: SideFeatures
}

/** Pairs of which both clips could be read. */
function readablePairs({ pairing, control }: Comparison, both: Both): Pairing {
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

async function computeMetrics(comparison: Comparison, both: Both) {
  const { plan, options, control } = comparison
  const context = metricContext(comparison, both)
  const metrics = plan.metrics.filter((metric) => {
    const problem = tooFewRows(metric, comparison, both)
    if (problem && options.metrics) throw problem
    if (problem) control.emit({ type: 'warning', message: `left out: ${reasonOf(problem)}` })
    return problem === undefined
  })
  const values: MetricValues = {}
  const clips: Map<number, ClipScores>[] = []
  for (const metric of metrics) {
    const outcome = await metric.compute(context)
    Object.assign(values, outcome.values)
    if (outcome.clips) clips.push(outcome.clips)
    for (const message of outcome.warnings ?? []) control.emit({ type: 'warning', message })
    const [value] = Object.values(outcome.values)
    control.emit({ type: 'metric', name: metric.name, value })
  }
  return { metrics, values, clips }
}

function tooFewRows(
  metric: Metric,
  { pairing, given, extractors }: Comparison,
  both: Both,
): InvalidOptionError | undefined {
  const { name, minRows = 1 } = metric
  if (metric.paired && pairing.pairs.length < 1) {
    return new InvalidOptionError('pairing', `${name} compares pairs, and none can be read`)
  }
  for (const side of ['generated', 'reference'] as const) {
    const need = metric[side]
    if (need === undefined) continue
    const extractor = extractors.get(roleOf(need.source, given)) as Extractor
    const rows = rowCount(both[side], extractor.name)
    if (rows >= minRows) continue
    const what = need.source === 'frames' ? 'VGGish patches' : 'clips'
    const message = `${name} needs at least ${minRows} ${what}, there are ${rows}`
    return new InvalidOptionError(side, message)
  }
  return undefined
}

function rowCount(features: SideFeatures | undefined, backbone: string): number {
  return (
    features?.statistics.get(backbone)?.count ??
    features?.rows.get(backbone)?.count ??
    features?.logits.get(backbone)?.count ??
    0
  )
}

function metricContext(comparison: Comparison, both: Both): MetricContext {
  const { session, given, extractors, pairing, options, waveform } = comparison
  const nameOf = (source: Parameters<typeof roleOf>[0]) =>
    (extractors.get(roleOf(source, given)) as Extractor).name
  let spectra: ReturnType<MetricContext['spectralPairs']> | undefined
  const found = <T>(value: T | undefined): T => {
    if (value === undefined) throw new TypeError('a metric reads what it did not say it needs')
    return value
  }
  return {
    calculator: session.calculator,
    perClip: options.perClip,
    pairs: pairing.pairs,
    statistics: (side, source) => found(both[side]?.statistics.get(nameOf(source))),
    rows: (side, source) => {
      const features = both[side]
      return found((source === 'logits' ? features?.logits : features?.rows)?.get(nameOf(source)))
    },
    spectralPairs: () => {
      const generated = comparison.generated.clips
      const reference = comparison.reference?.clips ?? []
      spectra ??= compareSpectra(session, { generated, reference }, pairing.pairs, waveform)
      return spectra
    },
  }
}

function describeSide(extractors: Map<Role, Extractor>, features: SideFeatures): ScoredSide {
  const vggish = extractors.get('vggish')
  const frames = vggish ? rowCount(features, vggish.name) : 0
  return {
    count: features.count,
    skipped: features.skipped,
    ...(frames > 0 && { frames }),
  }
}
