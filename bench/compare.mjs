// How often compareScores() is wrong on real sounds: sets of one kind that it calls different, and a
// corrupted copy that it does not call worse. Prints the table of docs/metrics.md.
//
//   node bench/compare.mjs FOLDER --panns F --vggish F [--splits 200] [--copies 20] [--bootstrap 1000]
//
// Each time a third of the folder's sounds at random is A, another is B, the rest the reference. B is
// then a copy of A with noise 10 dB below it.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareScores } from '../dist/index.mjs'
import { random } from './synthetic-rows.mjs'

const { decodeAudio } = createRequire(import.meta.url)('../dist/audio/read.js')

const { values, positionals } = parseArgs({
  options: {
    panns: { type: 'string' },
    vggish: { type: 'string' },
    splits: { type: 'string', default: '200' },
    copies: { type: 'string', default: '20' },
    bootstrap: { type: 'string', default: '1000' },
    threads: { type: 'string', default: '2' },
  },
  allowPositionals: true,
})
const [folder] = positionals
const files = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name))
const given = { panns: values.panns, vggish: values.vggish, device: 'cpu' }
const shared = { ...given, bootstrap: Number(values.bootstrap), threads: Number(values.threads) }

/** The files in another order. */
function shuffled({ uniform }) {
  const list = [...files]
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1))
    ;[list[i], list[j]] = [list[j], list[i]]
  }
  return list
}

/** Verdicts on sets of one kind: of sets alone each drawn for itself, of pairs by order. */
async function equal(seed) {
  const list = shuffled(random(seed))
  const count = Math.floor(list.length / 3)
  const [a, b, reference] = [0, 1, 2].map((k) => list.slice(k * count, (k + 1) * count))
  const sets = { ...shared, a, b, reference, bootstrapSeed: seed }
  const apart = await compareScores({ ...sets, metrics: ['fd', 'fad', 'is', 'kad', 'kid'] })
  const byOrder = await compareScores({ ...sets, metrics: ['fd', 'kad', 'kl'], pairing: 'order' })
  const { kl, ...others } = byOrder.differences
  const inPairs = Object.entries({ ...others, 'kl softmax': kl.softmax, 'kl sigmoid': kl.sigmoid })
  return {
    ...apart.differences,
    ...Object.fromEntries(inPairs.map(([name, each]) => [`${name}, in pairs`, each])),
  }
}

/** Verdicts on a set and its copy with noise. */
async function corrupted(seed) {
  const next = random(seed)
  const list = shuffled(next)
  const count = Math.floor(list.length / 3)
  const a = list.slice(0, count)
  const b = []
  for (const file of a) {
    const { channels, sampleRate } = await decodeAudio(readFileSync(file))
    const [samples] = channels
    const level = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
    b.push({
      name: file.split('/').pop(),
      sampleRate,
      samples: noisy(samples, 0.316 * level, next),
    })
  }
  const metrics = ['fd', 'fad', 'is', 'kad', 'kid']
  const reference = list.slice(2 * count)
  const job = compareScores({
    ...shared,
    a,
    b,
    reference,
    metrics,
    bootstrapSeed: seed,
  })
  return (await job).differences
}

function noisy(samples, level, { normal }) {
  return samples.map((x) => x + level * normal())
}

async function tally(title, repeat, measure) {
  const counts = new Map()
  for (let i = 0; i < repeat; i++) {
    for (const [name, { better }] of Object.entries(await measure(1000 + i))) {
      const found = counts.get(name) ?? { a: 0, b: 0, null: 0 }
      found[better]++
      counts.set(name, found)
    }
    if (i % 10 === 9) console.error(`${title}: ${i + 1} of ${repeat}`)
  }
  console.log(`\n| ${title} | A is better | B is better | no difference shown |`)
  console.log('|---|---|---|---|')
  for (const [name, { a, b, null: none }] of counts) {
    console.log(`| ${name} | ${a} | ${b} | ${none} |`)
  }
}

await tally('equal sets', Number(values.splits), equal)
await tally('B is a copy with noise', Number(values.copies), corrupted)
