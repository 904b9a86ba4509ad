/** Results in a notebook: tables without a page around them. */
import { escapeHtml } from '../../files/html.js'
import type { CompareResult } from '../compare-result.js'
import type { Difference } from '../differences.js'
import type { ClipRow } from '../per-clip.js'
import type { ScoreResult } from '../result.js'
import { scoresOf } from './extremes.js'
import {
  clipCount,
  intervalText,
  protocolText,
  shown,
  skippedTable,
  summary,
  valueTable,
} from './numbers.js'
import { htmlTable, inNotebook } from './page.js'

const mostClips = 50

export function scoreHtml(result: ScoreResult): string {
  const skipped = skippedTable(result)
  const parts = [
    `<div>${summary(result)}`,
    valueTable(result),
    ...(result.clips ? [clipTable(result.clips)] : []),
    ...(skipped ? [folded('Left out', skipped)] : []),
    `${folded('Protocol', `<pre>${escapeHtml(protocolText(result))}</pre>`)}</div>`,
  ]
  return inNotebook(parts.join(''))
}

/** One row a clip, the scores that there are beside its name. */
function clipTable(clips: readonly ClipRow[]): string {
  const scores = scoresOf(clips)
  const prompts = clips.some(({ prompt }) => prompt !== undefined)
  const head = ['clip', ...(prompts ? ['prompt'] : []), ...scores.map(({ title }) => title)]
  const rows = clips.slice(0, mostClips).map((clip) => {
    const values = scores.map(({ key }, i) => {
      const value = clip[key]
      if (value !== undefined) return shown(value)
      return i === 0 ? (clip.skipped ?? '') : ''
    })
    return [clip.name, ...(prompts ? [clip.prompt ?? ''] : []), ...values]
  })
  const more = clips.length - rows.length
  return (
    htmlTable(head, rows, prompts ? [0, 1] : [0]) +
    (more > 0 ? `<p>and ${clipCount(more)} more</p>` : '')
  )
}

export function compareHtml({ differences, protocol, a, b, ...rest }: CompareResult): string {
  const rows = Object.entries(differences).flatMap(([name, each]) =>
    'verdict' in each
      ? [rowOf(/^f(a?)d(@|$)/.test(name) ? `${name}, at infinity` : name, each)]
      : Object.entries(each).map(([field, part]) => rowOf(`${name}, ${field}`, part as Difference)),
  )
  const { reference, paired } = rest
  const sides = `A: ${clipCount(a.count)}, B: ${clipCount(b.count)}`
  const drawn = paired ? 'in pairs' : 'drawn apart'
  const beside = reference ? `, beside ${clipCount(reference.count)} of reference` : ''
  const json = escapeHtml(JSON.stringify(protocol, null, 2))
  const parts = [
    `<div><p>${sides}, ${drawn}${beside}.</p>`,
    htmlTable(['metric', 'A', 'B', 'A − B', 'its interval', ''], rows, [0, 5]),
    `${folded('Protocol', `<pre>${json}</pre>`)}</div>`,
  ]
  return inNotebook(parts.join(''))
}

function rowOf(label: string, difference: Difference): string[] {
  const { a, b, difference: value, verdict } = difference
  return [label, shown(a), shown(b), shown(value), intervalText(difference), verdict]
}

function folded(title: string, html: string): string {
  return `<details><summary>${title}</summary>${html}</details>`
}
