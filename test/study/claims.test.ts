import { describe, expect, test } from 'vitest'
import { checkClaims } from '../../lib/study/claims.js'
import { compareAll, type Outcome, verdictOf } from '../../lib/study/comparison.js'
import type { StudyCell } from '../../lib/study/results.js'
import { madeStudy } from './made-results.js'

const verdicts = (cells: StudyCell[]) =>
  Object.fromEntries(checkClaims({ cells }).map(({ id, verdict }) => [id, verdict]))

describe('claims', () => {
  test('hold where the numbers are so, with narrow intervals', () => {
    expect(verdicts(madeStudy(0.002).cells)).toEqual({
      'audio-condition': 'holds',
      'pre-training-esc50': 'holds',
      'pre-training-most-on-esc50': 'holds',
      'pre-training-us8k': 'holds',
      // All four metrics gain the same there.
      'pre-training-audiocaps': 'not decided',
      'text-training-small': 'holds',
      'text-training-audiocaps': 'holds',
      'audio-training-sooner': 'holds',
      interference: 'holds',
      order: 'holds',
    })
  })

  test('do not hold where the numbers are the other way round', () => {
    const flip: Record<string, unknown> = { audio: 'text', text: 'audio' }
    const cells = madeStudy(0.002).cells.map((cell) => {
      const labels = { ...cell.labels }
      for (const label of ['condition', 'trainCondition']) {
        if (labels[label] !== undefined) labels[label] = flip[String(labels[label])] as string
      }
      if (labels.pretrained !== undefined) labels.pretrained = !labels.pretrained
      return { ...cell, labels }
    })
    expect(verdicts(cells)).toMatchObject({
      'audio-condition': 'does not hold',
      'pre-training-esc50': 'does not hold',
      'pre-training-most-on-esc50': 'does not hold',
      'pre-training-us8k': 'does not hold',
      'pre-training-audiocaps': 'does not hold',
      'text-training-small': 'does not hold',
      'text-training-audiocaps': 'does not hold',
      'audio-training-sooner': 'does not hold',
    })
  })

  test('are not decided where intervals are wide; steps have the scatter of seeds alone', () => {
    const { 'audio-training-sooner': sooner, ...others } = verdicts(madeStudy(5).cells)
    expect(sooner).toBe('holds')
    expect(new Set(Object.values(others))).toEqual(new Set(['not decided']))
  })

  test('are not decided without intervals, nor seeds that scatter', () => {
    const cells = madeStudy().cells.map((cell) => {
      const score = { ...cell.score, intervals: undefined }
      return { ...cell, score }
    })
    expect(verdicts(cells)).toMatchObject({
      'audio-condition': 'not decided',
      interference: 'not decided',
      order: 'not decided',
    })
  })

  test('are not decided where there are no cells, or one training seed for steps', () => {
    for (const { verdict, comparisons } of checkClaims({ cells: [] })) {
      expect(verdict).toBe('not decided')
      expect(comparisons).toEqual([])
    }
    const once = madeStudy(0.002).cells.filter(({ labels }) => (labels.repeat ?? 0) === 0)
    expect(verdicts(once)).toMatchObject({
      'audio-training-sooner': 'not decided',
      'pre-training-esc50': 'holds',
    })
  })

  test('that name metrics do not hold where some of these are missing', () => {
    const cells = madeStudy(0.002).cells.map((cell) => {
      const { kl, ...metrics } = cell.score.metrics
      return { ...cell, score: { ...cell.score, metrics } }
    })
    const claims = checkClaims({ cells })
    const of = (id: string) => claims.find((claim) => claim.id === id)
    // Two of four pairs; and each metric is one less.
    expect(of('interference')).toMatchObject({ verdict: 'not decided', missing: 2 })
    expect(of('order')).toMatchObject({ verdict: 'not decided', missing: 1 })
    expect(of('audio-condition')).toMatchObject({ verdict: 'holds', missing: 0 })
    expect(of('audio-condition')?.comparisons).toHaveLength(12)
  })

  test('are about every metric that ranks systems, whatever its backbone', () => {
    const cells = madeStudy(0.002).cells.map((cell) => {
      const { fd, kl } = cell.score.metrics
      const metrics = { 'fd@passt': fd, kad: kl?.softmax, kid: { mean: 1, std: 0 }, lsd: 2 }
      return { ...cell, score: { ...cell.score, metrics } }
    })
    const [{ comparisons }] = checkClaims({ cells })
    const names = ['FD (passt), ESC-50', 'KAD, ESC-50']
    expect(comparisons.map(({ of }) => of).filter((of) => of.endsWith('ESC-50'))).toEqual(names)
  })

  test('are not about other systems', () => {
    const cells = madeStudy(0.002).cells.map((cell) => ({
      ...cell,
      labels: { ...cell.labels, system: 'another' },
    }))
    expect(checkClaims({ cells }).every(({ comparisons }) => comparisons.length === 0)).toBe(true)
  })

  test('have every number that they rest on', () => {
    const [first] = checkClaims(madeStudy(0.002))
    expect(first.comparisons).toHaveLength(16)
    expect(first.comparisons[0]).toMatchObject({
      of: 'FD, ESC-50',
      left: { name: 'audio', number: { value: 18 } },
      sign: '<',
      right: { name: 'text', number: { value: 30 } },
      outcome: 'holds',
    })
    expect(first.comparisons[1]).toMatchObject({ of: 'IS, ESC-50', sign: '>' })
  })
})

describe('verdicts', () => {
  const comparisons = (...outcomes: Outcome[]) =>
    outcomes.map((outcome) => ({ outcome })) as ReturnType<typeof compareAll>

  test('about all: one that fails refutes', () => {
    expect(verdictOf(comparisons('holds', 'holds'), 'all')).toBe('holds')
    expect(verdictOf(comparisons('holds', 'undecided'), 'all')).toBe('not decided')
    expect(verdictOf(comparisons('undecided', 'fails'), 'all')).toBe('does not hold')
    expect(verdictOf([], 'all')).toBe('not decided')
    expect(verdictOf(comparisons('holds'), 'all', 1)).toBe('not decided')
  })

  test('about most: half that fail refute', () => {
    expect(verdictOf(comparisons('holds', 'holds', 'fails'), 'most')).toBe('holds')
    expect(verdictOf(comparisons('holds', 'fails'), 'most')).toBe('does not hold')
    expect(verdictOf(comparisons('holds', 'holds'), 'most', 2)).toBe('not decided')
    expect(verdictOf(comparisons('holds', 'undecided', 'undecided'), 'most')).toBe('not decided')
  })
})

test('the more differences a claim has, the wider their intervals', () => {
  const side = (value: number) => ({
    name: 'x',
    number: { value, low: value - 3, high: value + 3 },
  })
  const one = { of: 'FD', left: side(10), sign: '<', right: side(15) } as const
  expect(compareAll([one])[0].outcome).toBe('holds')
  expect(compareAll(Array(20).fill(one))[0].outcome).toBe('undecided')
})
