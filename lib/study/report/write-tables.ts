/** A table as Markdown, CSV and LaTeX. */
import { csvText } from '../../files/csv.js'
import { intervalTexts, valueText } from '../numbers.js'
import type { Entry, Table } from './table.js'

export function markdownTable({ title, notes, head, keys, groups }: Table): string {
  const cells = (row: string[]) => `| ${row.join(' | ')} |`
  const rule = head.map((_, i) => (i < keys ? '---' : '---:'))
  const rows = groups.flatMap((group) => group.map((row) => cells(row.map(markdownEntry))))
  const table = [cells(head.map(markdown)), cells(rule), ...rows].join('\n')
  return [`### ${markdown(title)}`, table, ...notes.map(markdown)].join('\n\n')
}

function markdownEntry(entry: Entry): string {
  const { number, mark } = entry
  if (number === undefined) return markdown(entry.text ?? '')
  const ends = intervalTexts(number)
  const value = mark === 'best' ? `**${valueText(number)}**` : valueText(number)
  return `${mark === 'level' ? '≈ ' : ''}${value}${ends ? ` [${ends.join(', ')}]` : ''}`
}

/** Names may hold anything: none becomes markup. */
export function markdown(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]<>#|~]/g, '\\$&')
}

/** Each metric with columns for both ends of its interval. */
export function csvTable({ head, keys, groups }: Table): string {
  const numeric = head.map((_, i) => groups.some((group) => group.some((row) => row[i].number)))
  const plain = (name: string) => (name === 'steps (K)' ? name : name.replace(/ [↓↑]$/, ''))
  const names = head.flatMap((name, i) =>
    numeric[i] ? [plain(name), `${plain(name)} low`, `${plain(name)} high`] : [plain(name)],
  )
  const rows = groups.flatMap((group) =>
    group.map((row) =>
      row.flatMap((entry, i) => {
        if (!numeric[i]) return [i < keys ? entry.text : numberIn(entry.text)]
        const { value, low, high } = entry.number ?? {}
        return [value, low, high]
      }),
    ),
  )
  return csvText([names, ...rows])
}

function numberIn(text: string | undefined): number | undefined {
  const value = Number(text)
  return text === undefined || Number.isNaN(value) ? undefined : value
}

/** Only what LaTeX itself has: no package is needed. */
export function latexTable({ id, title, notes, head, keys, groups }: Table): string {
  const rowOf = (row: Entry[], first: boolean) => {
    // As in the paper: what a group is of stands in its first row.
    const cells = row.map((entry, i) => (i === 0 && !first ? '' : latexEntry(entry)))
    return `  ${cells.join(' & ')} \\\\`
  }
  return [
    '\\begin{table*}[t]',
    `\\caption{${latex(title)}}\\label{${id}}`,
    '\\centering\\scriptsize\\setlength{\\tabcolsep}{3pt}',
    `\\begin{tabular}{${'l'.repeat(keys)}${'r'.repeat(head.length - keys)}}`,
    '  \\hline',
    `  ${head.map(latex).join(' & ')} \\\\`,
    ...groups.flatMap((group) => ['  \\hline', ...group.map((row, i) => rowOf(row, i === 0))]),
    '  \\hline',
    '\\end{tabular}',
    ...notes.map((note) => `\\par ${latex(note)}`),
    '\\end{table*}',
    '',
  ].join('\n')
}

function latexEntry({ text, number, mark }: Entry): string {
  if (number === undefined) return latex(text ?? '')
  const value = latex(valueText(number))
  const ends = intervalTexts(number)
  const shown = mark === 'best' ? `\\textbf{${value}}` : value
  const interval = ends ? ` {\\tiny [${ends.map(latex).join(', ')}]}` : ''
  return `${mark === 'level' ? '$\\approx$ ' : ''}${shown}${interval}`
}

const latexNames: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '−': '$-$',
  '–': '--',
  '≈': '$\\approx$',
  '✓': '$\\surd$',
  '✗': '$\\times$',
  '↓': '$\\downarrow$',
  '↑': '$\\uparrow$',
  '∞': '$\\infty$',
  '<': '$<$',
  '>': '$>$',
  '|': '$|$',
  '"': "''",
  '\n': ' ',
}

/** Letters that the fonts of LaTeX itself lack become question marks: the document compiles. */
export function latex(text: string): string {
  return [...text.normalize('NFC')]
    .map((letter) => {
      if (Object.hasOwn(latexNames, letter)) return latexNames[letter]
      if (/[#$%&_{}]/.test(letter)) return `\\${letter}`
      return /[\x20-\x7e\u00c0-\u00cf\u00d1-\u00d6\u00d8-\u00dd\u00df-\u00ef\u00f1-\u00f6\u00f8-\u00fd\u00ff]/u.test(
        letter,
      )
        ? letter
        : '?'
    })
    .join('')
}

/** A document of these files, to look at them alone; a paper has \input{table-1} in its place. */
export function latexDocument(ids: readonly string[]): string {
  return [
    '\\documentclass[a4paper]{article}',
    '\\usepackage[utf8]{inputenc}',
    // The width that two columns of a conference paper have.
    '\\setlength{\\textwidth}{516pt}\\setlength{\\oddsidemargin}{-28pt}',
    '\\begin{document}',
    ...ids.map((id) => `\\input{${id}}`),
    '\\end{document}',
    '',
  ].join('\n')
}
