/**
 * What a study found, in a notebook: the claims, tables and figures of its page, without the sounds and without the
 * claims that it has no numbers for.
 */
import { escapeHtml, svgImage } from '../../files/html.js'
import { htmlTable, inNotebook } from '../../score/report/page.js'
import { checkClaims } from '../claims.js'
import type { StudyResults } from '../results.js'
import { figuresOf } from './figure.js'
import { figureSvg } from './figure-svg.js'
import { tableHtml } from './html.js'
import { tablesOf } from './tables.js'

export function studyHtml(results: StudyResults): string {
  const tables = tablesOf(results).map((table) => titled(table.title, tableHtml(table)))
  const figures = figuresOf(results).map((figure) =>
    titled(figure.title, svgImage(figureSvg(figure), figure.title)),
  )
  const claims = checkClaims(results)
    .filter(({ comparisons }) => comparisons.length > 0)
    .map(({ claim, verdict }) => [claim, verdict])
  const checked =
    claims.length > 0
      ? [titled('Claims of the paper', htmlTable(['claim', 'verdict'], claims, [0, 1]))]
      : []
  return inNotebook(`<div>${[...tables, ...figures, ...checked].join('')}</div>`)
}

function titled(title: string, html: string): string {
  return `<h4>${escapeHtml(title)}</h4>${html}`
}
