/**
 * What "Leveraging Pre-trained AudioLDM for Text to Sound Generation: A Benchmark Study" found, as
 * inequalities that a study's numbers decide.
 */
import type { AskedMetric } from '../metrics/metric-at.js'
import {
  type Comparison,
  compareAll,
  type Inequality,
  type Verdict,
  verdictOf,
} from './comparison.js'
import { Facts } from './facts.js'
import { labelText, nameOf } from './names.js'
import { columnOf, ratioOf, type StudyNumber } from './numbers.js'
import type { StudyCell, StudyResults } from './results.js'

interface Claim {
  id: string
  /** In the words of the paper, shortened. */
  claim: string
  /** The same as an inequality. */
  inequality: string
  about: 'all' | 'most'
  inequalities(facts: Facts): (Inequality | undefined)[]
}

export interface CheckedClaim extends Pick<Claim, 'id' | 'claim' | 'inequality' | 'about'> {
  /** Of those inequalities that the study has numbers for. */
  comparisons: Comparison[]
  /** How many others there are. */
  missing: number
  verdict: Verdict
}

const conditions = ['text', 'audio'] as const
const smallSets = ['esc50', 'urbansound8k']

const claims: readonly Claim[] = [
  {
    id: 'audio-condition',
    claim: 'Without training, sound is a better condition than text, in most of Table I.',
    inequality: 'each metric, each data set: audio better than text',
    about: 'most',
    inequalities: (facts) =>
      pairs(facts.datasets('baseline'), facts.metrics('baseline')).map(([dataset, metric]) =>
        better(
          facts,
          'baseline',
          metric,
          { dataset },
          { condition: 'audio' },
          { condition: 'text' },
        ),
      ),
  },
  {
    id: 'pre-training-esc50',
    claim: 'Pre-training helps on ESC-50.',
    inequality: 'each metric, each training condition: pre-trained better than from scratch',
    about: 'most',
    inequalities: (facts) => startPairs(facts, ['esc50'], facts.metrics('fine-tuning'), true),
  },
  {
    id: 'pre-training-most-on-esc50',
    claim: 'It helps most on ESC-50.',
    inequality:
      'each metric, each training condition: pre-trained / from scratch (of IS: from scratch / ' +
      'pre-trained) less on ESC-50 than on each other data set',
    about: 'most',
    inequalities: (facts) => {
      const others = facts.datasets('fine-tuning').filter((dataset) => dataset !== 'esc50')
      return pairs(others, conditions).flatMap(([dataset, trainCondition]) =>
        facts
          .metrics('fine-tuning')
          .map((metric) =>
            inequality(
              `${columnOf(metric).title}, trained on ${trainCondition}`,
              ['ESC-50', costRatio(facts, { dataset: 'esc50', trainCondition }, metric)],
              '<',
              [nameOf(dataset), costRatio(facts, { dataset, trainCondition }, metric)],
            ),
          ),
      )
    },
  },
  {
    id: 'pre-training-us8k',
    claim: 'On US8K pre-training hurts a little.',
    inequality: 'each metric, each training condition: from scratch better than pre-trained',
    about: 'most',
    inequalities: (facts) =>
      startPairs(facts, ['urbansound8k'], facts.metrics('fine-tuning'), false),
  },
  {
    id: 'pre-training-audiocaps',
    claim: 'On AudioCaps pre-training helps mainly in FAD.',
    inequality:
      'each training condition: FAD pre-trained better than from scratch; and pre-trained / from scratch ' +
      '(of IS: from scratch / pre-trained) less for FAD than for FD, IS and KL',
    about: 'all',
    inequalities: (facts) => [
      ...startPairs(facts, ['audiocaps'], ['fad'], true),
      ...pairs(conditions, ['fd', 'is', 'kl'] as const).map(([trainCondition, metric]) => {
        const labels = { dataset: 'audiocaps', trainCondition }
        return inequality(
          `AudioCaps, trained on ${trainCondition}`,
          ['FAD', costRatio(facts, labels, 'fad')],
          '<',
          [columnOf(metric).title, costRatio(facts, labels, metric)],
        )
      }),
    ],
  },
  {
    id: 'text-training-small',
    claim: 'On the small data sets, fine-tuning on text is better than on sound.',
    inequality: 'ESC-50 and US8K, pre-trained, each metric: trained on text better than on audio',
    about: 'most',
    inequalities: (facts) =>
      pairs(
        facts.datasets('fine-tuning').filter((dataset) => smallSets.includes(dataset)),
        facts.metrics('fine-tuning'),
      ).map(([dataset, metric]) => textBetter(facts, dataset, metric)),
  },
  {
    id: 'text-training-audiocaps',
    claim: 'On AudioCaps, fine-tuning on text gives a better IS.',
    inequality: 'pre-trained: IS trained on text better than on audio',
    about: 'all',
    inequalities: (facts) => [textBetter(facts, 'audiocaps', 'is')],
  },
  {
    id: 'audio-training-sooner',
    claim: 'Training on sound is at its best after fewer steps.',
    inequality: 'each data set, with and without pre-training: best step on audio < on text',
    about: 'most',
    inequalities: (facts) =>
      pairs(facts.datasets('fine-tuning'), [true, false]).map(([dataset, pretrained]) => {
        const side = (trainCondition: string) =>
          [trainCondition, facts.bestStep({ dataset, pretrained, trainCondition })] as const
        const start = labelText('pretrained', pretrained)
        return inequality(
          `best step, ${nameOf(dataset)}, ${start}`,
          side('audio'),
          '<',
          side('text'),
        )
      }),
  },
  {
    id: 'interference',
    claim: 'KL and IS hardly react to interfering sounds; FD and FAD do.',
    inequality:
      'each data set: change by the strongest interference / change by the strongest noise less for KL and IS ' +
      'than for FD and FAD',
    about: 'all',
    inequalities: (facts) =>
      facts
        .datasets('sensitivity')
        .flatMap((dataset) =>
          pairs(['kl', 'is'] as const, ['fd', 'fad'] as const).map(([quiet, loud]) =>
            lessReaction(facts, dataset, 'interference', quiet, loud),
          ),
        ),
  },
  {
    id: 'order',
    claim: 'Only FD reacts to the order of events.',
    inequality:
      'each data set: FD with all events moved > FD of the copy; and change by all events moved / change by ' +
      'the strongest noise less for IS, KL and FAD than for FD',
    about: 'all',
    inequalities: (facts) =>
      facts.datasets('sensitivity').flatMap((dataset) => {
        const fd = facts.extremes(dataset, 'permutation', 'fd')
        return [
          inequality(`FD, ${nameOf(dataset)}`, ['moved', fd?.most], '>', ['the copy', fd?.none]),
          ...(['is', 'kl', 'fad'] as const).map((quiet) =>
            lessReaction(facts, dataset, 'permutation', quiet, 'fd'),
          ),
        ]
      }),
  },
]

/** Every claim, with the numbers that the study has for it. */
export function checkClaims({ cells }: Pick<StudyResults, 'cells'>): CheckedClaim[] {
  const facts = new Facts(cells)
  return claims.map(({ inequalities, ...claim }) => {
    const all = inequalities(facts)
    const comparisons = compareAll(all.filter((each) => each !== undefined))
    const missing = all.length - comparisons.length
    return { ...claim, comparisons, missing, verdict: verdictOf(comparisons, claim.about, missing) }
  })
}

type Labels = StudyCell['labels']

/** Undefined where the study has not both numbers. */
function inequality(
  of: string,
  [left, first]: readonly [string, StudyNumber | undefined],
  sign: '<' | '>',
  [right, second]: readonly [string, StudyNumber | undefined],
): Inequality | undefined {
  if (first === undefined || second === undefined) return undefined
  return { of, left: { name: left, number: first }, sign, right: { name: right, number: second } }
}

/** That `one` is better than `other`, which differ in one label. */
function better(
  facts: Facts,
  study: StudyCell['study'],
  metric: AskedMetric,
  shared: Labels,
  one: Labels,
  other: Labels,
): Inequality | undefined {
  const { title, better: direction } = columnOf(metric)
  const side = (own: Labels) =>
    [sideName(own), facts.number(study, { ...shared, ...own }, metric)] as const
  const where = Object.entries(shared).map(([label, value]) => labelText(label, value))
  const sign = direction === 'lower' ? '<' : '>'
  return inequality([title, ...where].join(', '), side(one), sign, side(other))
}

/** Without "trained on", which both sides share. */
function sideName(own: Labels): string {
  const [[label, value]] = Object.entries(own)
  return typeof value === 'boolean' ? labelText(label, value) : nameOf(value)
}

function startPairs(facts: Facts, datasets: string[], of: readonly AskedMetric[], helps: boolean) {
  return datasets.flatMap((dataset) =>
    pairs(conditions, of).map(([trainCondition, metric]) =>
      better(
        ...([facts, 'fine-tuning', metric, { dataset, trainCondition }] as const),
        ...([{ pretrained: helps }, { pretrained: !helps }] as const),
      ),
    ),
  )
}

function textBetter(facts: Facts, dataset: string, metric: AskedMetric) {
  const shared = { dataset, pretrained: true }
  const [text, audio] = conditions.map((trainCondition) => ({ trainCondition }))
  return better(facts, 'fine-tuning', metric, shared, text, audio)
}

/** Below 1 where pre-training helps. */
function costRatio(facts: Facts, labels: Labels, metric: AskedMetric): StudyNumber | undefined {
  const [start, scratch] = [true, false].map((pretrained) =>
    facts.number('fine-tuning', { ...labels, pretrained }, metric),
  )
  if (start === undefined || scratch === undefined) return undefined
  return columnOf(metric).better === 'lower' ? ratioOf(start, scratch) : ratioOf(scratch, start)
}

function lessReaction(
  facts: Facts,
  dataset: string,
  corruption: string,
  quiet: AskedMetric,
  loud: AskedMetric,
): Inequality | undefined {
  const side = (metric: AskedMetric) =>
    [columnOf(metric).title, facts.reaction(dataset, corruption, metric)] as const
  return inequality(
    `share of the reaction to noise, ${nameOf(dataset)}`,
    side(quiet),
    '<',
    side(loud),
  )
}

function pairs<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  return first.flatMap((a) => second.map((b): [A, B] => [a, b]))
}
