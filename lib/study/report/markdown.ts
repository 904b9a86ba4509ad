/** The report of a study as Markdown, with its figures beside it. */
import { type CheckedClaim, checkClaims } from '../claims.js'
import type { StudyResults } from '../results.js'
import { figuresOf } from './figure.js'
import { differenceSaid, lackSaid, said } from './said.js'
import { tablesOf } from './tables.js'
import { markdown, markdownTable } from './write-tables.js'

export function markdownReport(results: StudyResults): string {
  const figures = figuresOf(results).map(
    ({ id, title, notes }) =>
      `### ${markdown(title)}\n\n![${markdown(title)}](${id}.svg)\n\n${notes.map(markdown).join(' ')}`,
  )
  return [
    '# Study',
    '## Claims of the paper',
    'A claim is decided only where the 95 % interval of the difference leaves 0 out, widened for as many ' +
      'differences as the claim has (Bonferroni).',
    claimTable(checkClaims(results)),
    ...checkClaims(results).flatMap(comparisonTable),
    '## Tables',
    ...tablesOf(results).map(markdownTable),
    ...(figures.length > 0 ? ['## Figures', ...figures] : []),
    '',
  ].join('\n\n')
}

function claimTable(claims: readonly CheckedClaim[]): string {
  const rows = claims.map((checked) => {
    const { claim, inequality, verdict, comparisons } = checked
    const count = (outcome: string) =>
      comparisons.filter((comparison) => comparison.outcome === outcome).length
    const counts = [count('holds'), count('fails'), count('undecided')].join(' / ')
    return `| ${markdown(claim)} | ${markdown(inequality)} | ${verdict}${lackSaid(checked)} | ${counts} |`
  })
  return [
    '| claim | inequality | verdict | hold / fail / undecided |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function comparisonTable({ claim, comparisons }: CheckedClaim): string[] {
  if (comparisons.length === 0) return []
  const rows = comparisons.map((each) =>
    [each.of, said(each), differenceSaid(each), each.outcome].map(markdown).join(' | '),
  )
  const table = ['| where | inequality | difference | |', '|---|---|---|---|']
  return [`### ${markdown(claim)}`, [...table, ...rows.map((row) => `| ${row} |`)].join('\n')]
}
