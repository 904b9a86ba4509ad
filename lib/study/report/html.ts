/** The page of a study: one file that asks nothing of any other. */
import { escapeHtml } from '../../files/html.js'
import { htmlPage, htmlTable, section, wide } from '../../score/report/page.js'
import { type CheckedClaim, checkClaims } from '../claims.js'
import { labelText } from '../names.js'
import { intervalTexts, valueText } from '../numbers.js'
import type { StudyCell, StudyResults } from '../results.js'
import { type Figure, figuresOf } from './figure.js'
import { figureStyle, legendMark, panelSvg } from './figure-svg.js'
import { differenceSaid, lackSaid, said } from './said.js'
import type { Entry, Table } from './table.js'
import { tablesOf } from './tables.js'

const style = `
${figureStyle}
nav a { margin-right: 1rem } a { color: var(--reference) }
.panels { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) }
.names { list-style: none; padding: 0 } .names li { display: inline-block; margin-right: 1.4rem }
.names svg { margin-right: .5rem; vertical-align: middle } small { color: var(--quiet) }
th[scope=row] { font-weight: inherit } tbody + tbody tr:first-child > * { border-top: 2px solid var(--rule) }
th, td { padding-right: .8rem } td, th[scope=col] { white-space: nowrap } .verdict { font-weight: 600 } details { margin: .6rem 0 } summary { cursor: pointer }`

/** In a page, or it would grow without end: of every cell one at least. */
const mostSounds = 90

/** `soundOf` gives a sample as HTML. */
export async function studyPage(
  results: StudyResults,
  soundOf: (sample: StudyCell['samples'][number]) => Promise<string>,
): Promise<string> {
  const [tables, figures] = [tablesOf(results), figuresOf(results)]
  const sections = [
    ['claims', 'Claims of the paper', claimsHtml(checkClaims(results))],
    ...tables.map((table) => [table.id, table.title, tableHtml(table)]),
    ...figures.map((figure) => [figure.id, figure.title, figureHtml(figure)]),
    ['samples', 'Samples', await samplesHtml(results.cells, soundOf)],
    ['settings', 'Settings', settingsHtml(results)],
  ]
  const links = sections.map(([id, title]) => `<a href="#${id}">${escapeHtml(title)}</a>`)
  const content = sections.map(
    ([id, title, html]) => `<div id="${id}">${section(title, html)}</div>`,
  )
  const count = `<p>${results.cells.length} cells.</p>`
  return htmlPage('Study', [count, `<nav>${links.join(' ')}</nav>`, ...content], style)
}

function claimsHtml(claims: readonly CheckedClaim[]): string {
  const about =
    '<p>Each claim is an inequality. It is decided only where the 95 % interval of the difference leaves 0 ' +
    'out, widened for as many differences as the claim has (Bonferroni).</p>'
  return about + claims.map(claimHtml).join('')
}

function claimHtml(checked: CheckedClaim): string {
  const { claim, inequality, about, verdict, comparisons } = checked
  const head = ['where', 'inequality', 'difference', '']
  const rows = comparisons.map((each) => [each.of, said(each), differenceSaid(each), each.outcome])
  return (
    `<h3>${escapeHtml(claim)}</h3><p><span class="verdict">${verdict}</span>${lackSaid(checked)}. ` +
    `<span class="quiet">Inequality (${about === 'all' ? 'all must hold' : 'most must hold'}): ${escapeHtml(inequality)}.</span></p>` +
    (rows.length === 0
      ? ''
      : folded(
          rows.length === 1 ? '1 comparison' : `${rows.length} comparisons`,
          htmlTable(head, rows, [0, 1, 2, 3]),
        ))
  )
}

export function tableHtml({ title, notes, head, keys, groups }: Table): string {
  const kind = (column: number) => (column < keys ? '' : ' class="number"')
  const names = head.map((name, i) => `<th scope="col"${kind(i)}>${escapeHtml(name)}</th>`).join('')
  const rowHtml = (row: Entry[]) =>
    `<tr>${row.map((entry, i) => entryHtml(entry, i < keys)).join('')}</tr>`
  const bodies = groups.map((rows) => `<tbody>${rows.map(rowHtml).join('')}</tbody>`)
  const table = `<table><thead><tr>${names}</tr></thead>${bodies.join('')}</table>`
  return wide(title, table) + notesHtml(notes)
}

function entryHtml(entry: Entry, key: boolean): string {
  const { text, number, mark } = entry
  if (key) return `<th scope="row">${escapeHtml(text ?? '')}</th>`
  if (number === undefined) return `<td class="number">${escapeHtml(text ?? '')}</td>`
  const value = mark === 'best' ? `<strong>${valueText(number)}</strong>` : valueText(number)
  const ends = intervalTexts(number)
  const interval = ends ? ` <small>[${ends.join(', ')}]</small>` : ''
  return `<td class="number">${mark === 'level' ? '≈ ' : ''}${value}${interval}</td>`
}

function figureHtml({ names, notes, panels }: Figure): string {
  const legend = names.map((name, i) => `<li>${legendMark(i)}${escapeHtml(name)}</li>`)
  return (
    `<ul class="names">${legend.join('')}</ul>` +
    `<div class="panels">${panels.map((panel) => panelSvg(panel, names)).join('')}</div>` +
    notesHtml(notes)
  )
}

async function samplesHtml(
  cells: readonly StudyCell[],
  soundOf: (sample: StudyCell['samples'][number]) => Promise<string>,
): Promise<string> {
  const parts: string[] = []
  const heard = cells.filter(({ samples }) => samples.length > 0)
  const each = Math.max(1, Math.floor(mostSounds / heard.length))
  for (const cell of heard) {
    const figures: string[] = []
    for (const sample of cell.samples.slice(0, each)) {
      const caption = `${escapeHtml(sample.id)}<br>“${escapeHtml(sample.prompt)}”`
      figures.push(`<figure><figcaption>${caption}</figcaption>${await soundOf(sample)}</figure>`)
    }
    parts.push(`<h3>${escapeHtml(cellName(cell))}</h3><div class="clips">${figures.join('')}</div>`)
  }
  return parts.length > 0 ? parts.join('') : '<p>No cell has samples.</p>'
}

/** Its study and its labels. */
function cellName({ study, labels }: StudyCell): string {
  const said = Object.entries(labels).map(([label, value]) => labelText(label, value))
  return [study, ...said].join(', ')
}

function settingsHtml({ settings, cells }: StudyResults): string {
  const about =
    '<p>All that decides the numbers besides the sounds. Two numbers can be compared where it is equal.</p>'
  const own = cells.map((cell) => {
    const { key, identity, list, skipped, training, score } = cell
    const { generated, reference, protocol } = score
    const decided = { key, identity, list, skipped, training, generated, reference, protocol }
    return folded(cellName(cell), json(decided))
  })
  return about + folded('The study', json(settings)) + own.join('')
}

function folded(title: string, html: string): string {
  return `<details><summary>${escapeHtml(title)}</summary>${html}</details>`
}

function json(value: unknown): string {
  return wide('Settings', `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`)
}

function notesHtml(notes: readonly string[]): string {
  return notes.map((note) => `<p class="quiet">${escapeHtml(note)}</p>`).join('')
}
