/** From what was gathered to the numbers. */
import type { ClapSpec } from '../backbones/clap.js'
import { InvalidOptionError } from '../errors.js'
import type { FeatureSource, MetricContext } from '../metrics/context.js'
import type { ClipScores, MetricValues, Scatters } from '../metrics/metric.js'
import { keysAt } from '../metrics/metric-at.js'
import type { Resampling } from '../metrics/resampling.js'
import type { Comparison, GatheredSides } from './comparison.js'
import type { Extractor } from './features/extractor.js'
import { embedPrompts, type PromptEmbeddings } from './features/prompt-embeddings.js'
import { compareSpectra } from './features/spectral-pairs.js'
import { type PlannedMetric, reasonOf, roleOf } from './plan.js'
import type { SideFeatures } from './statistics/side.js'

export async function computeMetrics(
  comparison: Comparison,
  both: GatheredSides,
  resampling: Resampling | undefined,
) {
  const { plan, control } = comparison
  let embedding: Promise<PromptEmbeddings> | undefined
  const prompts = () => {
    embedding ??= embedReadable(comparison, both.generated)
    return embedding
  }
  const contextOf = metricContexts(comparison, both, prompts, resampling)
  const metrics = plan.metrics.filter((planned) => {
    const problem = tooFewRows(planned, comparison, both)
    if (problem && !plan.optional) throw problem
    if (problem) control.emit({ type: 'warning', message: `left out: ${reasonOf(problem)}` })
    return problem === undefined
  })
  const values: MetricValues = {}
  const scatters: Scatters = {}
  const clips: Map<number, ClipScores>[] = []
  for (const planned of metrics) {
    const { metric, name, backbone } = planned
    const outcome = await metric.compute(contextOf(planned))
    Object.assign(values, keysAt({ ...outcome.values }, backbone))
    Object.assign(scatters, keysAt({ ...outcome.scatters }, backbone))
    const scores = [...(outcome.clips ?? [])].map(
      ([clip, each]) => [clip, keysAt({ ...each }, backbone) as ClipScores] as const,
    )
    if (scores.length > 0) clips.push(new Map(scores))
    for (const message of outcome.warnings ?? []) {
      control.emit({ type: 'warning', message, metric: name })
    }
    const [value] = Object.values(outcome.values)
    control.emit({ type: 'metric', name, value })
  }
  return { metrics, values, scatters, clips, embedded: await embedding }
}

/** The prompts of clips that could be read. */
async function embedReadable(
  { session, given, prompts, control }: Comparison,
  { facts }: SideFeatures,
): Promise<PromptEmbeddings> {
  const texts = new Map([...(prompts?.texts ?? [])].filter(([clip]) => facts.has(clip)))
  const embedded = await embedPrompts(session, given.specs.clap as ClapSpec, texts, (progress) =>
    control.emit({ type: 'step', stage: 'prompts', ...progress, cached: false }),
  )
  if (embedded.truncated > 0) {
    const message = `${embedded.truncated} prompts are too long: their ends are not compared`
    control.emit({ type: 'warning', message })
  }
  return embedded
}

function tooFewRows(
  planned: PlannedMetric,
  comparison: Comparison,
  both: GatheredSides,
): InvalidOptionError | undefined {
  const { pairing, extractors, prompts } = comparison
  const { metric, name } = planned
  const { minRows = 1 } = metric
  if (metric.paired && pairing.pairs.length < 1) {
    return new InvalidOptionError('pairing', `${name} compares pairs, and none can be read`)
  }
  const texts = [...(prompts?.texts.keys() ?? [])]
  if (metric.prompts && !texts.some((clip) => both.generated.facts.has(clip))) {
    return new InvalidOptionError(
      'prompts',
      `${name} compares prompts, and no clip with one is read`,
    )
  }
  for (const side of ['generated', 'reference'] as const) {
    const need = metric[side]
    if (need === undefined) continue
    const least = side === 'reference' ? (metric.minReferenceRows ?? minRows) : minRows
    const extractor = extractors.get(roleOf(need.source, planned)) as Extractor
    const rows = rowCount(both[side], extractor.name)
    if (rows >= least) continue
    const what = need.source === 'frames' ? 'VGGish patches' : 'clips'
    const message = `${name} needs at least ${least} ${what}, there are ${rows}`
    return new InvalidOptionError(comparison[side]?.option ?? side, message)
  }
  return undefined
}

export function rowCount(features: SideFeatures | undefined, backbone: string): number {
  return (
    features?.statistics.get(backbone)?.count ??
    features?.rows.get(backbone)?.count ??
    features?.logits.get(backbone)?.count ??
    0
  )
}

/** One a metric, which reads the features of its own backbones. */
function metricContexts(
  comparison: Comparison,
  both: GatheredSides,
  prompts: () => Promise<PromptEmbeddings>,
  resampling: Resampling | undefined,
): (planned: PlannedMetric) => MetricContext {
  const { session, extractors, pairing, waveform } = comparison
  let spectra: ReturnType<MetricContext['spectralPairs']> | undefined
  const found = <T>(value: T | undefined): T => {
    if (value === undefined) throw new TypeError('a metric reads what it did not say it needs')
    return value
  }
  const shared = {
    calculator: session.calculator,
    perClip: comparison.perClip,
    resampling,
    pairs: pairing.pairs,
    prompts: async () => (await prompts()).rows,
    spectralPairs: () => {
      const generated = comparison.generated.clips
      const reference = comparison.reference?.clips ?? []
      spectra ??= compareSpectra(session, { generated, reference }, pairing.pairs, waveform)
      return spectra
    },
  }
  return (planned) => {
    const nameOf = (source: FeatureSource) =>
      (extractors.get(roleOf(source, planned)) as Extractor).name
    return {
      ...shared,
      name: planned.name,
      statistics: (side, source) => found(both[side]?.statistics.get(nameOf(source))),
      rows: (side, source) => {
        const features = both[side]
        return found((source === 'logits' ? features?.logits : features?.rows)?.get(nameOf(source)))
      },
    }
  }
}
