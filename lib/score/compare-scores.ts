import { waveformProtocol } from '../audio/waveform-protocol.js'
import { InvalidOptionError } from '../errors.js'
import { type Shown, withHtml } from '../files/shown.js'
import { Job } from '../job.js'
import { mostGroups, type Resampling } from '../metrics/resampling.js'
import { parseOptions } from '../options.js'
import { describeSide, protocolOf } from './compare.js'
import { type CompareEvent, type CompareResult, eventsOf } from './compare-result.js'
import type { Comparison } from './comparison.js'
import { computeMetrics } from './compute-metrics.js'
import { differencesOf } from './differences.js'
import { Session } from './features/session.js'
import { checkSavedSides, gather, readablePairs, rolesOf } from './gather.js'
import { checkAudioSet } from './inputs/inputs.js'
import { defaultPairing, pairClips, pairName } from './inputs/pairing.js'
import { checkPrompts, pairPrompts, readPrompts } from './inputs/prompts.js'
import { resamplingOf, seedAfter } from './intervals.js'
import type { CompareScoresOptions } from './options.js'
import { isOptional, type Plan, type PlanInputs, planMetrics } from './plan.js'
import { makeExtractors, openSide } from './prepare-run.js'
import { withPreset } from './presets.js'
import { compareHtml } from './report/result-html.js'
import {
  compareSchema,
  givenBackbones,
  orSmallClassifiers,
  type ParsedScoreOptions,
} from './schema.js'
import type { Side, SideFeatures } from './statistics/side.js'

/**
 * Is set `a` better than set `b`? For every metric the difference a − b, its 95 % interval, and what
 * follows from it. Both are compared with the same reference, and with the same draws of its clips.
 * Where the clips of both have the same names, as those that were made from the same prompts, they
 * are drawn in pairs, which shows smaller differences; else each set is drawn for itself.
 * @throws as score
 */
export function compareScores(
  options: CompareScoresOptions,
): Job<CompareEvent, Shown<CompareResult>> {
  const { signal, a, b, reference, prompts, ...parsed } = parseOptions(
    compareSchema,
    withPreset(options),
  )
  const sets = { a: checkAudioSet('a', a), b: checkAudioSet('b', b) }
  const referenceSet = reference === undefined ? undefined : checkAudioSet('reference', reference)
  const givenPrompts = prompts === undefined ? undefined : checkPrompts(prompts)
  const given = orSmallClassifiers(givenBackbones(parsed, parsed.metrics), parsed.preset)
  if (parsed.metrics?.includes('fad-infinity')) {
    throw new InvalidOptionError(
      'metrics',
      'fad-infinity has no interval: take fad, which is compared at infinity',
    )
  }

  return new Job(async (control) => {
    const warn = (message: string) => control.emit({ type: 'warning', message })
    const sorted = parsed.pairing !== 'order'
    const open = (option: string, set: typeof sets.a) =>
      openSide(option, set, sorted, control.signal)
    const both = { a: await open('a', sets.a), b: await open('b', sets.b) }
    const references =
      referenceSet === undefined ? undefined : await open('reference', referenceSet)
    const entries = givenPrompts === undefined ? undefined : await readPrompts(givenPrompts)
    const inputsOf = (generated: Side): PlanInputs => {
      const others = references?.clips ?? []
      const mode = parsed.pairing ?? defaultPairing(generated.clips, others)
      return {
        ...{ given, generated, reference: references, perClip: false, intervals: true },
        pairing: pairClips(generated.clips, others, mode),
        prompts: entries && pairPrompts(generated, entries),
      }
    }
    const inputs = { a: inputsOf(both.a), b: inputsOf(both.b) }
    const plans = planBoth(parsed, inputs, warn)

    const session = new Session(parsed, control.signal, warn)
    try {
      const waveform = waveformProtocol(parsed.mono, parsed.resampler)
      const { needs } = plans.a
      const roles = new Set([...rolesOf(needs.generated), ...rolesOf(needs.reference)])
      const extractors = await makeExtractors(session, given, roles, waveform, warn)
      const comparisonOf = (set: 'a' | 'b'): Comparison => ({
        ...inputs[set],
        options: { ...parsed, perClip: false },
        ...{ plan: plans[set], waveform, session, extractors },
        ...{ control: eventsOf(set, control), perClip: false, warnings: [] },
      })
      const result = await compareSides(comparisonOf('a'), comparisonOf('b'))
      return withHtml(result, compareHtml)
    } finally {
      await session.close()
    }
  }, signal)
}

/** The metrics that can be computed for both sets. */
function planBoth(
  options: Pick<ParsedScoreOptions, 'metrics' | 'preset'>,
  { a, b }: Record<'a' | 'b', PlanInputs>,
  warn: (message: string) => void,
): Record<'a' | 'b', Plan> {
  const plans = [a, b].map((each) => planMetrics(options.metrics, each, isOptional(options)))
  for (const warning of new Set(plans.flatMap(({ warnings }) => warnings))) warn(warning)
  const [names, others] = plans.map(({ metrics }) => metrics.map(({ name }) => name))
  const common = names.filter((name) => others.includes(name))
  if (common.length === 0) {
    throw new InvalidOptionError('metrics', 'there is none that can be computed for both sets')
  }
  return { a: planMetrics(common, a), b: planMetrics(common, b) }
}

async function compareSides(a: Comparison, b: Comparison): Promise<CompareResult> {
  const { plan, options, reference: references } = a
  const gathered: Partial<Record<'a' | 'b' | 'reference', SideFeatures>> = {}
  try {
    checkSavedSides(a)
    checkSavedSides(b)
    gathered.a = await gather(a, 'generated')
    gathered.b = await gather(b, 'generated')
    const compares = plan.metrics.some(({ metric }) => metric.reference || metric.paired)
    if (references && compares) gathered.reference = await gather(a, 'reference')
    const paired = haveSameClips(a, gathered.a, b, gathered.b)
    if (!paired) {
      const message = 'the clips of a and b have different names: they are not compared in pairs'
      a.control.emit({ type: 'warning', message })
    }
    const drawn = resamplingOf(options, references) as Resampling
    const groups = Math.min(mostGroups, gathered.a.count, gathered.b.count)
    const draws = { a: { ...drawn, groups }, b: { ...drawn, groups } }
    if (!paired) {
      const { generated, reference } = drawn.seeds
      draws.b.seeds = { generated: seedAfter(generated, 2), reference }
    }
    const outcomeOf = (comparison: Comparison, generated: SideFeatures, resampling: Resampling) => {
      const sides = { generated, reference: gathered.reference }
      const pairing = readablePairs(comparison, sides)
      return computeMetrics({ ...comparison, pairing }, sides, resampling)
    }
    const first = await outcomeOf(a, gathered.a, draws.a)
    const second = await outcomeOf(b, gathered.b, draws.b)
    const counts = { a: gathered.a.count, b: gathered.b.count }
    const sides = [gathered.a, gathered.b, ...(gathered.reference ? [gathered.reference] : [])]
    const { differences, level } = differencesOf(first.scatters, second.scatters, counts)
    return {
      differences,
      paired,
      a: describeSide(a.extractors, a.generated, gathered.a),
      b: describeSide(b.extractors, b.generated, gathered.b),
      ...(references &&
        gathered.reference && {
          reference: describeSide(a.extractors, references, gathered.reference),
        }),
      features: {
        computed: sides.reduce((sum, side) => sum + side.computed, 0),
        cached: sides.reduce((sum, side) => sum + side.cached, 0),
      },
      protocol: protocolOf(a, first, draws.a, level),
    }
  } finally {
    for (const side of Object.values(gathered)) side.dispose()
  }
}

/** Whether what could be read of both sets has the same names, in the same order. */
function haveSameClips(
  a: Comparison,
  ofA: SideFeatures,
  b: Comparison,
  ofB: SideFeatures,
): boolean {
  const byOrder = a.pairing.mode === 'order' && b.pairing.mode === 'order'
  const names = ({ generated }: Comparison, { facts }: SideFeatures) =>
    [...facts.keys()].map((clip) => {
      const { name } = generated.clips[clip]
      return byOrder || name === undefined ? String(clip) : pairName(name)
    })
  const [first, second] = [names(a, ofA), names(b, ofB)]
  const named = [a, b].every(({ generated }) => generated.clips.every((clip) => clip.name))
  if (!named && !byOrder) return false
  return first.length === second.length && first.every((name, i) => name === second[i])
}
