/** The frame of the report: one HTML file that asks nothing of any other, and runs no script. */
import { escapeHtml } from '../../files/html.js'

const style = `
:root { color-scheme: light dark; --ink: #1d2127; --paper: #fbfbfa; --rule: #d5d7da; --quiet: #5c636d;
  --generated: #d1495b; --reference: #2a6f97 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7e9; --paper: #16181b; --rule: #3a3e44;
  --quiet: #a2a8b1; --generated: #ff7a8a; --reference: #7cc0e8 } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.5rem } h3 { font-size: 1rem }
table { border-collapse: collapse } .wide { overflow-x: auto }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--rule) }
td.number { font-variant-numeric: tabular-nums } .quiet { color: var(--quiet); font-size: .9rem }
.clips { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)) }
figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: .6rem }
figcaption { overflow-wrap: anywhere; font-size: .9rem } img, svg { max-width: 100%; height: auto }
audio { width: 100%; margin-top: .3rem } svg text { fill: var(--quiet); font-size: 13px }
.frame { fill: none; stroke: var(--rule) } circle { fill-opacity: .75 }
circle.generated, .key.generated { fill: var(--generated); color: var(--generated) }
circle.reference, .key.reference { fill: var(--reference); color: var(--reference) }
li.warning { margin-bottom: .4rem } pre { overflow-x: auto; font-size: .85rem }
:focus-visible { outline: 2px solid var(--reference); outline-offset: 2px }`

/** No request leaves the page, whatever the names in it are. */
const policy =
  "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'"

/** `more` is style of this page alone. */
export function htmlPage(title: string, sections: string[], more = ''): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${escapeHtml(title)}</title><style>${style}${more}</style></head><body>` +
    `<h1>${escapeHtml(title)}</h1>${sections.join('\n')}</body></html>\n`
  )
}

export function section(title: string, ...content: string[]): string {
  return `<section><h2>${escapeHtml(title)}</h2>${content.join('')}</section>`
}

/** `texts` are the columns that hold no numbers. */
export function htmlTable(
  head: string[],
  rows: string[][],
  texts: readonly number[] = [0],
): string {
  const kind = (column: number) => (texts.includes(column) ? '' : ' class="number"')
  const cells = (row: string[]) =>
    row.map((cell, i) => `<td${kind(i)}>${escapeHtml(cell)}</td>`).join('')
  const names = head.map((name, i) => `<th scope="col"${kind(i)}>${escapeHtml(name)}</th>`).join('')
  const body = rows.map((row) => `<tr>${cells(row)}</tr>`).join('')
  const table = `<table><thead><tr>${names}</tr></thead><tbody>${body}</tbody></table>`
  return wide(head.join(', '), table)
}

/** What may be wider than the screen scrolls, with the keyboard too. */
export function wide(name: string, content: string): string {
  return `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(name)}">${content}</div>`
}

/** Without the style of a page: notebooks put all cells to the right, which is for numbers. */
export function inNotebook(tables: string): string {
  return tables.replace(/<(td|th scope="(?:col|row)")>/g, '<$1 style="text-align:left">')
}
