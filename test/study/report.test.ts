import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figuresOf } from '../../lib/study/report/figure.js'
import { figureSvg } from '../../lib/study/report/figure-svg.js'
import { studyPage } from '../../lib/study/report/html.js'
import { studyReport } from '../../lib/study/report/remake.js'
import { writeStudyReport } from '../../lib/study/report/write-report.js'
import type { StudyResults } from '../../lib/study/results.js'
import { madeCell, madeScore, madeStudy, withSamples } from './made-results.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-study-'))
afterAll(() => rmSync(work, { recursive: true }))
const hostile = '"><script>alert(1)</script> | \\input{x} $&%'

let results: StudyResults
let page: string
const read = (name: string) => readFileSync(join(work, 'report', name), 'utf8')

beforeAll(async () => {
  const made = madeStudy()
  const numbers = { fd: 3, is: 4, kl: 5, fad: 6 }
  const score = madeScore(numbers, 0.05)
  made.cells.push(
    madeCell('baseline', { dataset: hostile, system: hostile, condition: 'text' }, score, {
      samples: [{ path: 'absent.wav', id: hostile, prompt: hostile }],
    }),
    madeCell('sensitivity', { dataset: hostile, corruption: hostile, strength: 0 }, score),
  )
  results = withSamples(made, work)
  const names = await writeStudyReport(results, join(work, 'report'), work)
  expect(readdirSync(join(work, 'report')).sort()).toEqual(names.sort())
  page = read('report.html')
}, 60_000)

test('all files are there', () => {
  expect(readdirSync(join(work, 'report')).sort()).toEqual([
    ...['figure-1.svg', 'figure-2.svg', 'report.html', 'report.md', 'report.tex', 'results.json'],
    ...['sensitivity.csv', 'sensitivity.tex', 'table-1.csv', 'table-1.tex'],
    ...['table-2.csv', 'table-2.tex'],
  ])
  expect(JSON.parse(read('results.json'))).toEqual(JSON.parse(JSON.stringify(results)))
})

describe('the page', () => {
  test('asks nothing of any other file, and runs no script', () => {
    expect(page.match(/src="(?!data:)|href="(?!#)/g)).toBeNull()
    expect(page).not.toMatch(/<script|https?:|url\(|@import/)
    expect(page).toContain("default-src 'none'")
  })

  test('every link leads to a place in it', () => {
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(targets).toContain('table-1')
    for (const id of targets) expect(page).toContain(`id="${id}"`)
  })

  test('has players and spectrograms of all samples; of one that is not there, the reason', () => {
    const count = results.cells.filter(({ samples }) => samples.length > 0).length
    expect(count).toBeGreaterThan(5)
    expect(page.match(/<audio controls /g)).toHaveLength(count - 1)
    expect(page.match(/<img alt="Spectrogram of /g)).toHaveLength(count - 1)
    expect(page).toContain('absent.wav cannot be opened (there is no such file)')
  })

  test('has every panel of every figure, and each claim with its verdict', () => {
    const panels = figuresOf(results).flatMap((figure) => figure.panels)
    expect(page.match(/<svg class="panel"/g)).toHaveLength(panels.length)
    expect(page.match(/class="verdict">(holds|does not hold|not decided)</g)).toHaveLength(10)
  })

  test('folds the settings of each cell away', () => {
    const folded = page.match(/<details><summary>/g) ?? []
    expect(folded.length).toBeGreaterThan(results.cells.length)
    expect(page).not.toContain('<details open')
  })
})

describe('figures', () => {
  test('Figure 1 has a row of metrics for each corruption, Figure 2 a line for each way', () => {
    const [first, second] = figuresOf(madeStudy())
    expect(first.panels).toHaveLength(4 * 4)
    expect(first.columns).toBe(4)
    expect(first.panels[0]).toMatchObject({ title: 'Gaussian noise: FD, lower is better' })
    expect(first.panels[0].lines[0].points.map(({ x }) => x)).toEqual([0, 0.25, 0.5, 1])
    expect(second.names).toEqual([
      ...['from scratch, audio', 'from scratch, text'],
      ...['pre-trained, audio', 'pre-trained, text'],
    ])
    expect(second.panels[0].lines[0].points.map(({ x }) => x)).toEqual([5e3, 1e4, 2e4, 3e4])
  })

  test('are well-formed XML, whatever names are in them', () => {
    const files = ['figure-1.svg', 'figure-2.svg'].map((name) => join(work, 'report', name))
    const parse = 'import sys, xml.dom.minidom as m\nfor f in sys.argv[1:]: m.parse(f)'
    const { status, stderr } = spawnSync('python3', ['-c', parse, ...files], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('draw every point at its place, with a band where there are intervals', () => {
    const point = (x: number, value: number, half?: number) => ({
      x,
      number: half === undefined ? { value } : { value, low: value - half, high: value + half },
    })
    const points = [point(0, 0, 1), point(5, 5, 1), point(10, 10)]
    const lines = [{ name: 'a', points }]
    const panels = [{ title: 'FD', xTitle: 'strength', lines }]
    const about = { id: 'x', title: 'x', notes: [], names: ['a'], columns: 1 }
    const svg = figureSvg({ ...about, panels })
    const places = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [+x, +y])
    expect(places.map(([x]) => x)).toEqual([50, 169, 288])
    // The axis holds the band: from −5 to 10.
    const [bottom, , top] = places.map(([, y]) => y)
    expect(top).toBe(30)
    expect(bottom).toBeCloseTo(184 - (5 / 15) * 154, 1)
    expect(svg.match(/class="band"/g)).toHaveLength(1)
  })
})

describe('made again', () => {
  test('of the results alone it is the same, elsewhere too', async () => {
    const names = await studyReport(join(work, 'report'), { outputDir: join(work, 'again') })
    for (const name of names.filter((each) => each !== 'report.html')) {
      expect(readFileSync(join(work, 'again', name), 'utf8')).toBe(read(name))
    }
    // Its samples lie beside another results.json.
    expect(readFileSync(join(work, 'again', 'report.html'), 'utf8')).not.toContain('<audio')
  })

  test.each([
    ['{', 'it is no JSON'],
    ['{"format":"audioldm-study","version":2,"cells":[]}', 'version'],
    ['{"format":"audioldm-study","version":1,"cells":[{"study":"x"}]}', 'cells.0'],
    [undefined, 'results.json cannot be read: there is no such file'],
  ])('of %s it is refused', async (text, problem) => {
    const folder = mkdtempSync(join(work, 'broken-'))
    if (text !== undefined) writeFileSync(join(folder, 'results.json'), text)
    await expect(studyReport(folder)).rejects.toThrow(problem)
  })
})

test('a page of many cells has one sound of each', async () => {
  const sample = { path: 'x', id: 'x', prompt: 'x' }
  const score = madeScore({ fd: 1, is: 2, kl: 3, fad: 4 })
  const cells = Array.from({ length: 60 }, (_, i) =>
    madeCell('baseline', { dataset: `${i}` }, score, { samples: [sample, sample, sample] }),
  )
  const pageOf = (count: number) =>
    studyPage({ ...results, cells: cells.slice(0, count) }, async () => '<audio>')
  expect((await pageOf(60)).match(/<audio>/g)).toHaveLength(60)
  expect((await pageOf(40)).match(/<audio>/g)).toHaveLength(80)
  expect((await pageOf(2)).match(/<audio>/g)).toHaveLength(6)
})

test('Markdown has no markup of a name', () => {
  const text = read('report.md')
  expect(text).toContain('\\<script\\>')
  for (const line of text.split('\n').filter((each) => each.includes('ESC-50 | ✗'))) {
    expect(line.split(' | ')).toHaveLength(8)
  }
})

describe('LaTeX', () => {
  test('braces close, and every row has as many cells as there are columns', () => {
    for (const name of ['table-1.tex', 'table-2.tex', 'sensitivity.tex']) {
      const text = read(name)
      expect(text).toMatch(/^[\x20-\x7e\n]*$/)
      let depth = 0
      for (const [brace] of text.replace(/\\[{}]/g, '').matchAll(/[{}]/g)) {
        depth += brace === '{' ? 1 : -1
        expect(depth).toBeGreaterThanOrEqual(0)
      }
      expect(depth).toBe(0)
      const columns = text.match(/\\begin\{tabular\}\{([lr]+)\}/)?.[1].length
      const rows = text.split('\n').filter((line) => line.endsWith(' \\\\'))
      expect(rows.length).toBeGreaterThan(4)
      for (const row of rows) {
        expect(row.replaceAll('\\&', '').split('&')).toHaveLength(columns as number)
      }
    }
  })

  const tex = spawnSync('pdflatex', ['--version']).status === 0
  const compile = (folder: string) => {
    const flags = ['-halt-on-error', '-interaction=nonstopmode', '-no-shell-escape', 'report.tex']
    const { status, stdout } = spawnSync('pdflatex', flags, { cwd: folder, encoding: 'utf8' })
    expect(stdout.match(/^!.*/m)).toBeNull()
    expect(status).toBe(0)
    expect(readFileSync(join(folder, 'report.pdf')).subarray(0, 5).toString()).toBe('%PDF-')
    return stdout
  }

  test.runIf(tex)('compiles, whatever names are in it', () => {
    compile(join(work, 'report'))
  })

  test.runIf(tex)(
    'tables with four metrics fit the width of a paper',
    async () => {
      const folder = join(work, 'plain')
      await writeStudyReport(madeStudy(), folder, folder)
      expect(compile(folder)).not.toContain('Overfull')
    },
    60_000,
  )
})
