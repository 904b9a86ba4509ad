/** Decides, before any long work, which metrics can be computed and what they need. */
import type { BackboneName } from '../backbones/backbone.js'
import { builtInBackbone } from '../backbones/registry.js'
import { InvalidOptionError } from '../errors.js'
import type { FeatureSource, SideName } from '../metrics/context.js'
import type { Metric } from '../metrics/metric.js'
import { type AskedMetric, askedMetrics, partsOf } from '../metrics/metric-at.js'
import { defaultMetrics, selectMetrics } from '../metrics/registry.js'
import { listSome, type Pairing } from './inputs/pairing.js'
import type { PairedPrompts } from './inputs/prompts.js'
import { presets } from './presets.js'
import {
  type Chosen,
  chosenOf,
  type GivenBackbones,
  type ParsedScoreOptions,
  type Role,
} from './schema.js'
import type { Side } from './statistics/side.js'

export interface Needs {
  statistics: Set<Role>
  rows: Set<Role>
  logits: Set<Role>
}

/** A metric, and what it compares clips by. */
export interface PlannedMetric {
  metric: Metric
  /** As it was asked for. */
  name: AskedMetric
  /** Its own, where the name says so. */
  backbone?: BackboneName
  chosen: Chosen
}

export interface Plan {
  metrics: PlannedMetric[]
  /** Whether one that cannot be computed is left out, with a warning. */
  optional: boolean
  /** Why such are left out. */
  warnings: string[]
  needs: Record<SideName, Needs>
}

export interface PlanInputs {
  given: GivenBackbones
  generated: Side
  reference?: Side
  pairing: Pairing
  prompts?: PairedPrompts
  perClip: boolean
  /** Whether the embeddings are to be drawn, where there are any. */
  map?: boolean
  /** Whether intervals are wanted. */
  intervals?: boolean
}

/** Which of the given backbones serves a source. */
export function roleOf(source: FeatureSource, { chosen }: { chosen: Chosen }): Role {
  if (source === 'embedding' || source === 'logits') return chosen[source]
  return source === 'frames' ? 'vggish' : 'clap'
}

/** Whether metrics that cannot be computed are left out. */
export function isOptional({ metrics, preset }: Pick<ParsedScoreOptions, 'metrics' | 'preset'>) {
  const whole = preset && presets[preset].metrics
  return metrics === undefined || whole?.every((name) => metrics.includes(name)) === true
}

/**
 * @throws InvalidOptionError naming the option that keeps a metric from being computed. Of `optional`
 * metrics, such as those of a preset, only missing weights do; else they are left out with a warning.
 */
export function planMetrics(
  asked: readonly AskedMetric[] | undefined,
  inputs: PlanInputs,
  optional = asked === undefined,
): Plan {
  const metrics: PlannedMetric[] = []
  const warnings: string[] = []
  const problems: InvalidOptionError[] = []
  const names = asked ?? [...defaultMetrics, ...(inputs.prompts ? (['clap'] as const) : [])]
  for (const planned of select(names, inputs.given)) {
    const weights = missingWeights(planned, inputs.given)
    const other = obstacle(planned, inputs)
    const preset = asked !== undefined && optional
    const problem = preset ? (other ?? weights) : (weights ?? other)
    if (problem === undefined) metrics.push(planned)
    else if (!optional || (preset && !other)) throw problem
    else {
      problems.push(problem)
      warnings.push(`left out: ${reasonOf(problem)}`)
    }
  }
  if (inputs.prompts && !metrics.some(({ metric }) => metric.prompts)) {
    warnings.push('the prompts are not used: they are for the metric clap')
  } else if (inputs.prompts) {
    warnings.push(...promptWarnings(inputs.prompts))
  }
  if (metrics.length === 0) {
    const [{ option, hint }] = problems
    throw new InvalidOptionError(
      option,
      `no metric can be computed\n  ${warnings.join('\n  ')}`,
      hint,
    )
  }
  const needs = {
    generated: needsOf('generated', metrics, inputs),
    reference: needsOf('reference', metrics, inputs),
  }
  return { metrics, optional, warnings, needs }
}

/** Each once, in the order in which they are computed. */
function select(asked: readonly AskedMetric[], given: GivenBackbones): PlannedMetric[] {
  const names = askedMetrics.filter((name) => asked.includes(name))
  return names.map((name) => {
    const { backbone, ...parts } = partsOf(name)
    const [metric] = selectMetrics([parts.name])
    const chosen = backbone ? chosenOf(backbone) : given.chosen
    return { metric, name, chosen, ...(backbone && { backbone }) }
  })
}

function promptWarnings({ texts, skipped, unused }: PairedPrompts): string[] {
  const warnings: string[] = []
  if (skipped.length > 0) {
    const paths = listSome(skipped.map(({ path }) => path))
    warnings.push(`clap is of ${texts.size} clips; without a prompt are ${paths}`)
  }
  if (unused.length > 0) {
    warnings.push(`${unused.length} prompts belong to no clip: ${listSome(unused)}`)
  }
  return warnings
}

/** The message without the option's name before it. */
export function reasonOf({ option, message }: InvalidOptionError): string {
  return message.slice(option.length + 2)
}

function needsOf(side: SideName, metrics: PlannedMetric[], inputs: PlanInputs): Needs {
  const { perClip } = inputs
  const needs: Needs = { statistics: new Set(), rows: new Set(), logits: new Set() }
  for (const planned of metrics) {
    const { metric } = planned
    const wanted = [
      metric[side],
      side === 'generated' && perClip ? metric.perClip : undefined,
      inputs.intervals && inputs[side]?.saved.length === 0 ? metric.interval : undefined,
    ]
    for (const need of wanted) {
      if (need === undefined) continue
      const form = need.source === 'logits' ? 'logits' : need.form
      needs[form].add(roleOf(need.source, planned))
    }
  }
  const drawn = inputs.map === true && inputs[side]?.saved.length === 0
  const embedding = drawn && drawnRole(metrics)
  if (embedding) needs.rows.add(embedding)
  return needs
}

/** By what the map of the clips is drawn: what the first metric of embeddings compares. */
export function drawnRole(metrics: readonly PlannedMetric[]): Role | undefined {
  const planned = metrics.find(({ metric }) => metric.generated?.source === 'embedding')
  return planned?.chosen.embedding
}

/** Why the metric cannot be computed of these inputs, if it cannot. */
function obstacle(
  { metric, name }: PlannedMetric,
  inputs: PlanInputs,
): InvalidOptionError | undefined {
  const { generated, reference, pairing, perClip, intervals } = inputs
  const compares = metric.reference !== undefined || metric.paired === true
  if (compares && reference === undefined) {
    return new InvalidOptionError('reference', `${name} compares with a reference: give one`)
  }
  const more = [
    perClip && metric.perClip && { need: metric.perClip, what: ' with scores of single clips' },
    intervals && metric.interval && { need: metric.interval, what: ' with an interval' },
  ].find((each) => each)
  for (const [side, need, what] of [
    [generated, more ? more.need : metric.generated, more ? more.what : ''],
    [compares ? reference : undefined, metric.reference, ''],
  ] as const) {
    const clips = metric.waveforms || need?.form === 'rows'
    if (!side || !clips || side.saved.length === 0) continue
    return new InvalidOptionError(
      side.option,
      `${name}${what} needs the clips themselves, and ${side.saved[0].path} has their statistics only`,
    )
  }
  for (const side of metric.waveforms ? [generated, reference] : []) {
    if (!side || side.withRows.length === 0) continue
    const [{ path }] = side.withRows
    const message = `${name} needs the clips themselves, and ${path} has their rows only`
    return new InvalidOptionError(side.option, message)
  }
  if (metric.prompts) {
    const problem = inputs.prompts ? inputs.prompts.problem : 'give them'
    if (problem !== undefined) {
      return new InvalidOptionError(
        'prompts',
        `${name} compares clips with their prompts: ${problem}`,
      )
    }
  }
  if (metric.paired && pairing.problem !== undefined) {
    return new InvalidOptionError('pairing', `${name} compares pairs: ${pairing.problem}`)
  }
  return tooFew(metric, name, generated)
}

function missingWeights(
  planned: PlannedMetric,
  given: GivenBackbones,
): InvalidOptionError | undefined {
  const { metric, name, backbone } = planned
  for (const need of [metric.generated, metric.reference]) {
    if (need === undefined) continue
    const role = roleOf(need.source, planned)
    if (given.specs[role]) continue
    const { network, hint } = weightsOf(role, given)
    const free = need.source === 'embedding' && backbone === undefined
    const other = free && (['passt', 'clap'] as const).find((each) => given.specs[each])
    const instead = other ? ` Or choose the backbone ${other}.` : ''
    return new InvalidOptionError(role, `${name} needs the weights of ${network}`, hint + instead)
  }
  return undefined
}

function weightsOf(role: Role, given: GivenBackbones): { network: string; hint: string } {
  if (role === 'embedding') {
    return { network: 'an archive', hint: "Give it with its rate, as 'my.pt@16000'." }
  }
  if (role === 'clap') {
    return { network: 'CLAP', hint: 'Give a model folder that has audio_encoder/.' }
  }
  const { architecture } = builtInBackbone(role === 'panns' ? given.panns : role)
  return { network: architecture.title, hint: architecture.published }
}

/** Of rows that come one a clip, what can be said before the clips are read. */
function tooFew(
  { minRows = 1, generated }: Metric,
  name: AskedMetric,
  { clips, option }: Side,
): InvalidOptionError | undefined {
  if (generated?.source !== 'logits' || clips.length >= minRows) return undefined
  const message = `${name} needs at least ${minRows} clips, there are ${clips.length}`
  return new InvalidOptionError(option, message)
}
