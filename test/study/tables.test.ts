import { describe, expect, test } from 'vitest'
import {
  columnsOf,
  differenceBetween,
  numberOf,
  overRepeats,
  ratioOf,
  valueText,
} from '../../lib/study/numbers.js'
import { tablesOf } from '../../lib/study/report/tables.js'
import { csvTable, latex, latexTable, markdownTable } from '../../lib/study/report/write-tables.js'
import { madeCell, madeScore, madeStudy } from './made-results.js'

const of = (cells: ReturnType<typeof madeCell>[]) =>
  tablesOf({ format: 'audioldm-study', version: 1, cells, settings: {} })

describe('numbers', () => {
  test('results that were saved have null for what is not finite', () => {
    const saved = JSON.parse(JSON.stringify({ metrics: { psnr: Number.POSITIVE_INFINITY, fd: 3 } }))
    saved.intervals = { fd: { low: null, high: null } }
    expect(numberOf(saved, 'psnr')).toBeUndefined()
    expect(numberOf(saved, 'fd')).toEqual({ value: 3 })
  })

  test('of a backbone of their own have a column of their own, beside that of the metric', () => {
    const score = madeScore({ fd: 1, is: 2, kl: 3, fad: 4 })
    score.metrics['fd@passt'] = 5
    score.metrics['kl@passt'] = { softmax: 6, sigmoid: 7 }
    score.metrics.fadInfinity = { value: 8, slope: 1, r2: 1 }
    const columns = columnsOf([score])
    expect(columns.map(({ title, metric }) => [title, numberOf(score, metric)?.value])).toEqual([
      ...[
        ['FD', 1],
        ['FD (passt)', 5],
        ['IS', 2],
        ['KL', 3],
        ['KL (passt)', 6],
      ],
      ...[
        ['FAD', 4],
        ['FAD∞', 8],
      ],
    ])
  })

  test('over training seeds: the mean, with the scatter of both seeds and clips', () => {
    const numbers = [1, 2, 3].map((value) => ({ value, low: value - 1, high: value + 1 }))
    // t of two degrees of freedom is 4.3027; the standard error 1 / √3.
    const reach = Math.hypot(1, 4.302653 / Math.sqrt(3))
    const { value, low, high } = overRepeats(numbers) as Required<
      ReturnType<typeof overRepeats>
    > & {
      low: number
      high: number
    }
    expect(value).toBe(2)
    expect(low).toBeCloseTo(2 - reach, 4)
    expect(high).toBeCloseTo(2 + reach, 4)
    expect(overRepeats([])).toBeUndefined()
    expect(overRepeats([{ value: 4 }])).toEqual({ value: 4 })
    expect(overRepeats([numbers[0]])).toEqual(numbers[0])
  })

  test('a difference is shown where its interval leaves 0 out, which more of them make wider', () => {
    const at = (value: number) => ({ value, low: value - 3, high: value + 3 })
    expect(differenceBetween(at(10), at(14.3))).toMatchObject({ shown: true })
    expect(differenceBetween(at(10), at(14.2))).toMatchObject({ shown: false })
    expect(differenceBetween(at(10), at(14.3), 5)).toMatchObject({ shown: false })
    expect(differenceBetween(at(10), { value: 99 })).toBeUndefined()
  })

  test('a ratio has the relative errors of both', () => {
    const a = { value: 8, low: 7.6, high: 8.4 }
    const b = { value: 2, low: 1.8, high: 2.2 }
    const ratio = ratioOf(a, b) as { value: number; low: number; high: number }
    expect(ratio.value).toBe(4)
    expect(ratio.high - ratio.value).toBeCloseTo(4 * Math.hypot(0.05, 0.1), 10)
    expect(ratioOf(a, { value: 0 })).toBeUndefined()
  })

  test('have as many digits as their interval leaves', () => {
    expect(valueText({ value: 12.3456, low: 11, high: 13.7 })).toBe('12.3')
    expect(valueText({ value: 12.3456, low: 12.3, high: 12.4 })).toBe('12.346')
    expect(valueText({ value: -0.012345 })).toBe('−0.01235')
    expect(valueText({ value: 0 })).toBe('0.00')
  })
})

describe('Table I', () => {
  const [table] = of([
    madeCell(
      'baseline',
      { dataset: 'esc50', condition: 'text' },
      madeScore({ fd: 30, is: 5, kl: 2, fad: 4 }, 0.05),
    ),
    madeCell(
      'baseline',
      { dataset: 'esc50', condition: 'audio' },
      madeScore({ fd: 20, is: 5.2, kl: 2.1, fad: 4.1 }, 0.05),
    ),
  ])

  test('has the columns of the paper, in its order', () => {
    expect(table.head).toEqual(['data set', 'condition', 'FD ↓', 'IS ↑', 'KL ↓', 'FAD ↓'])
  })

  test('is bold where the difference is more than its interval, and nowhere else', () => {
    const text = markdownTable(table)
    expect(text).toContain('| ESC-50 | audio | **20.0** [19.0, 21.0] | ≈ 5.20 [4.94, 5.46] |')
    expect(text).toContain('| ESC-50 | text | 30.0 [28.5, 31.5] | ≈ 5.00 [4.75, 5.25] |')
    expect(text.match(/\*\*/g)).toHaveLength(2)
  })

  test('marks nothing without intervals', () => {
    const [plain] = of([
      madeCell(
        'baseline',
        { dataset: 'x', condition: 'text' },
        madeScore({ fd: 30, is: 5, kl: 2, fad: 4 }),
      ),
      madeCell(
        'baseline',
        { dataset: 'x', condition: 'audio' },
        madeScore({ fd: 2, is: 9, kl: 1, fad: 1 }),
      ),
    ])
    expect(markdownTable({ ...plain, notes: [] })).not.toMatch(/\*\*|≈/)
  })

  test('has a row for each other system', () => {
    const numbers = { fd: 30, is: 5, kl: 2, fad: 4 }
    const [other] = of([
      madeCell('baseline', { dataset: 'esc50', condition: 'text' }, madeScore(numbers, 0.05)),
      madeCell('baseline', { dataset: 'esc50', system: 'A & B_1' }, madeScore(numbers, 0.05)),
    ])
    expect(other.head.slice(0, 3)).toEqual(['data set', 'system', 'condition'])
    expect(latexTable(other)).toContain('A \\& B\\_1 & -- &')
  })

  test('says how many clips were skipped', () => {
    const score = madeScore({ fd: 30, is: 5, kl: 2, fad: 4 })
    score.generated = { count: 399, skipped: [{ path: 'a.wav', reason: 'broken' }] }
    const [skipped] = of([madeCell('baseline', { dataset: 'x', condition: 'text' }, score)])
    expect(skipped.notes.join()).toContain('399; 1 skipped in all')
  })
})

test('Table II has the mean over seeds, and the steps of the best checkpoint', () => {
  const table = tablesOf(madeStudy()).find(({ id }) => id === 'table-2')
  expect(table?.head).toEqual([
    ...['data set', 'pre-training', 'condition'],
    ...['FD ↓', 'IS ↑', 'KL ↓', 'FAD ↓', 'steps (K)'],
  ])
  expect(table?.groups.map((rows) => rows.length)).toEqual([4, 4, 4])
  const first = table?.groups[0][0] ?? []
  expect(first.slice(0, 3)).toEqual([{ text: 'ESC-50' }, { text: '✗' }, { text: 'audio' }])
  expect(first[3].number?.value).toBeCloseTo(40 * 1.01, 10)
  expect(first[7]).toEqual({ text: '11' })
})

test('CSV has both ends of every interval in columns of their own', () => {
  const [table] = tablesOf(madeStudy())
  const [head, first] = csvTable(table).split('\r\n')
  expect(head).toMatch(/^data set,condition,FD,FD low,FD high,IS,/)
  expect(first).toMatch(/^ESC-50,text,30,28.5,31.5,6,/)
})

test('LaTeX has no letter that means something to it, and none that its fonts lack', () => {
  expect(latex('50% of a_b & {c} ~ ^ \\ #1 $x')).toBe(
    '50\\% of a\\_b \\& \\{c\\} \\textasciitilde{} \\textasciicircum{} \\textbackslash{} \\#1 \\$x',
  )
  expect(latex('Bär 鳥 −1')).toBe('Bär ? $-$1')
})
