import { expect, test } from 'vitest'
import { checkClaims } from '../../lib/study/claims.js'
import { read } from '../docs/markdown.js'

test('docs/study-report.md lists the claims as they are checked', () => {
  const [, section] = read('docs/study-report.md').split('\n## The claims of the paper\n')
  const rows = section
    .split('\n## ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const claims = checkClaims({ cells: [] })
  expect(rows.slice(1)).toEqual(
    claims.map(({ claim, inequality, about }) => `| ${claim} | ${inequality} | ${about} |`),
  )
})
