// How far from 0 FD, FAD and KID come out for two sets of one and the same kind of sounds, by the
// number of clips: all of it is bias. Prints the table of docs/metrics.md.
//
//   node bench/bias.mjs --panns F --vggish F A B [N …]
//
// A and B are folders that bench/make-sounds.mjs made with two seeds.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { score } from '../dist/index.mjs'

const { values, positionals } = parseArgs({
  options: { panns: { type: 'string' }, vggish: { type: 'string' } },
  allowPositionals: true,
})
const [a, b, ...counts] = positionals
const files = (folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
const generated = files(a)
const reference = files(b)

console.log('| clips a side | FD | FAD | KID | IS |\n|---|---|---|---|---|')
for (const count of counts.map(Number)) {
  const { metrics } = await score({
    ...values,
    generated: generated.slice(0, count),
    reference: reference.slice(0, count),
    metrics: ['fd', 'fad', 'kid', 'is'],
    device: 'cpu',
  })
  const cells = [metrics.fd, metrics.fad, metrics.kid.mean, metrics.is.mean]
  console.log(`| ${count} | ${cells.map((value) => value.toPrecision(4)).join(' | ')} |`)
}
