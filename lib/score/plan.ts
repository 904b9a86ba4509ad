/** Decides, before any long work, which metrics can be computed and what they need. */
import { builtInBackbone } from '../backbones/registry.js'
import { InvalidOptionError } from '../errors.js'
import type { FeatureSource, SideName } from '../metrics/context.js'
import type { Metric, MetricName, Need } from '../metrics/metric.js'
import { defaultMetrics, selectMetrics } from '../metrics/registry.js'
import { listSome, type Pairing } from './inputs/pairing.js'
import type { PairedPrompts } from './inputs/prompts.js'
import type { GivenBackbones, Role } from './schema.js'
import type { Side } from './statistics/side.js'

export interface Needs {
  statistics: Set<Role>
  rows: Set<Role>
  logits: Set<Role>
}

export interface Plan {
  metrics: Metric[]
  /** Why default metrics are left out. */
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
export function roleOf(source: FeatureSource, { chosen }: GivenBackbones): Role {
  if (source === 'embedding' || source === 'logits') return chosen[source]
  return source === 'frames' ? 'vggish' : 'clap'
}

/** @throws InvalidOptionError naming the option that keeps a metric from being computed. */
export function planMetrics(asked: readonly MetricName[] | undefined, inputs: PlanInputs): Plan {
  const metrics: Metric[] = []
  const warnings: string[] = []
  const problems: InvalidOptionError[] = []
  const names = asked ?? [...defaultMetrics, ...(inputs.prompts ? (['clap'] as const) : [])]
  for (const metric of selectMetrics(names)) {
    const problem = obstacle(metric, inputs)
    if (problem === undefined) metrics.push(metric)
    else if (asked) throw problem
    else {
      problems.push(problem)
      warnings.push(`left out: ${reasonOf(problem)}`)
    }
  }
  if (inputs.prompts && !metrics.some((metric) => metric.prompts)) {
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
  return { metrics, warnings, needs }
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

function needsOf(side: SideName, metrics: Metric[], inputs: PlanInputs): Needs {
  const { given, perClip } = inputs
  const needs: Needs = { statistics: new Set(), rows: new Set(), logits: new Set() }
  const all = metrics.flatMap((metric) => [
    metric[side],
    side === 'generated' && perClip ? metric.perClip : undefined,
    inputs.intervals && inputs[side]?.saved.length === 0 ? metric.interval : undefined,
  ])
  for (const need of all) {
    if (need === undefined) continue
    const form = need.source === 'logits' ? 'logits' : need.form
    needs[form].add(roleOf(need.source, given))
  }
  const { embedding } = given.chosen
  const drawn = inputs.map === true && inputs[side]?.saved.length === 0
  if (drawn && needs.statistics.has(embedding)) needs.rows.add(embedding)
  return needs
}

/** Why the metric cannot be computed, if it cannot. */
function obstacle(metric: Metric, inputs: PlanInputs): InvalidOptionError | undefined {
  const { given, generated, reference, pairing, perClip, intervals } = inputs
  const { name } = metric
  for (const need of [metric.generated, metric.reference]) {
    const problem = need && missingWeights(name, need, given)
    if (problem) return problem
  }
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
  return tooFew(metric, generated)
}

function missingWeights(
  name: MetricName,
  { source }: Need,
  given: GivenBackbones,
): InvalidOptionError | undefined {
  const role = roleOf(source, given)
  if (given.specs[role]) return undefined
  const { network, hint } = weightsOf(role, given)
  const instead = source === 'embedding' && given.specs.clap ? ' Or choose the backbone clap.' : ''
  return new InvalidOptionError(role, `${name} needs the weights of ${network}`, hint + instead)
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
function tooFew(metric: Metric, { clips, option }: Side): InvalidOptionError | undefined {
  const { minRows = 1, generated, name } = metric
  if (generated?.source !== 'logits' || clips.length >= minRows) return undefined
  const message = `${name} needs at least ${minRows} clips, there are ${clips.length}`
  return new InvalidOptionError(option, message)
}
