// How often the 95 % intervals of score() hold the truth, on made-up rows of which it is known. Prints
// the tables of docs/metrics.md. It calls the library's inner parts, since score() is given sounds.
//
//   node bench/intervals.mjs [--draws 500] [--bootstrap 1000] [--threads 2] [--only kad,fd]

import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import {
  gaussianRows,
  kernelTruth,
  logitPairs,
  random,
  similarities,
  skewedPairs,
} from './synthetic-rows.mjs'

const require = createRequire(import.meta.url)
const { loadNative } = require('../dist/native/load.js')
const { Compute } = require('../dist/native/compute.js')
const { Calculator } = require('../dist/native/calculator.js')
const { StatisticsAccumulator, disposeStatistics } = require('../dist/metrics/statistics.js')
const { selectMetrics } = require('../dist/metrics/registry.js')
const { intervalsOf, resamplingOf } = require('../dist/score/intervals.js')

const { values: flags } = parseArgs({
  options: {
    draws: { type: 'string', default: '500' },
    bootstrap: { type: 'string', default: '1000' },
    threads: { type: 'string', default: String(cpus().length) },
    only: { type: 'string', default: '' },
  },
})
const draws = Number(flags.draws)
const native = loadNative({ cuda: false })
const compute = new Compute(native, Number(flags.threads))
const calculator = new Calculator(native, compute, new AbortController().signal)

/** Value and intervals of a metric on what `sides` are made of. */
async function measure(name, sides, seed) {
  const [metric] = selectMetrics([name])
  const statistics = {}
  if (metric.generated?.form === 'statistics') {
    for (const side of ['generated', 'reference']) {
      const accumulator = new StatisticsAccumulator(calculator, sides[side].dimension)
      for (const clip of sides[side].clips()) await accumulator.add(sides[side].of(clip))
      statistics[side] = await accumulator.finish()
    }
  }
  const options = { bootstrap: Number(flags.bootstrap), bootstrapSeed: seed }
  const { values, scatters } = await metric.compute({
    name,
    calculator,
    perClip: false,
    pairs: sides.pairs,
    resampling: resamplingOf(options, { saved: [] }),
    rows: (side) => sides[side],
    statistics: (side) => statistics[side],
    prompts: async () => sides.prompts,
    spectralPairs: async () => sides.spectra,
  })
  for (const each of Object.values(statistics)) disposeStatistics(each)
  return { values, intervals: intervalsOf(scatters) }
}

const flat = (d) => Array(d).fill(1)
const decaying = (d) => Array.from({ length: d }, (_, i) => Math.exp((-4 * i) / d))
const wider = (scales) => scales.map((scale, i) => scale * (1 + 0.3 * Math.sin(i)))

/** Squared, of Gaussians with independent columns. */
function frechetTruth(a, b, shift) {
  return a.reduce((sum, scale, i) => sum + (scale - b[i]) ** 2 + (shift * a[i]) ** 2, 0)
}

function frechetCase(name, count, d, shift, { frames = 1, other = wider, repeat = draws } = {}) {
  const [a, b] = [decaying(d), other(decaying(d))]
  return {
    name,
    what: `${count} clips a side, d ${d}${frames > 1 ? `, ${frames} patches each` : ''}${other === wider ? '' : ', equal sets'}`,
    repeat,
    truth: frechetTruth(a, b, shift),
    make: (next) => ({
      generated: gaussianRows(next, count, b, { shift: a.map((x) => x * shift), frames }),
      reference: gaussianRows(next, count, a, { frames }),
    }),
    ofInfinity: true,
    pick: ({ values, intervals }) => ({ value: values[name], interval: intervals[name] }),
  }
}

function kernelCase(name, count, d, shift) {
  const truth = kernelTruth[name](d, shift)
  return {
    name,
    what: `${count} clips a side, d ${d}, ${shift === 0 ? 'equal sets' : `apart by ${shift}`}`,
    truth,
    make: (next) => ({
      generated: gaussianRows(next, count, flat(d), { shift: Array(d).fill(shift) }),
      reference: gaussianRows(next, count, flat(d)),
    }),
    pick: ({ values, intervals }) => ({
      value: values.kid?.mean ?? values.kad,
      interval: intervals[name],
    }),
  }
}

function pairCases(count) {
  const pick =
    (name, of) =>
    ({ values, intervals }) =>
      of(values[name], intervals[name])
  const of = (field) => (value, interval) => ({ value: value[field], interval: interval[field] })
  return [
    ...['softmax', 'sigmoid'].map((field) => ({
      name: 'kl',
      label: `kl ${field}`,
      make: (next) => logitPairs(next, count, 20),
      pick: pick('kl', of(field)),
    })),
    {
      name: 'clap',
      make: (next) => similarities(next, count, 16),
      pick: pick('clap', (value, interval) => ({ value: value.mean, interval })),
    },
    ...['lsd', 'psnr', 'ssim'].map((name) => ({
      name,
      make: (next) => skewedPairs(next, count),
      pick: pick(name, (value, interval) => ({ value, interval })),
    })),
  ].map((each) => ({ ...each, what: `${count} pairs` }))
}

const cases = [
  kernelCase('kad', 200, 16, 0.25),
  kernelCase('kad', 50, 16, 0.5),
  kernelCase('kad', 200, 16, 0),
  kernelCase('kid', 200, 16, 0.25),
  kernelCase('kid', 200, 16, 0),
  {
    name: 'is',
    what: '500 clips, 20 classes',
    make: (next) => ({ generated: logitPairs(next, 500, 20).generated }),
    pick: ({ values, intervals }) => ({ value: values.is.mean, interval: intervals.is }),
  },
  ...pairCases(100),
  frechetCase('fd', 50, 64, 0.3),
  frechetCase('fd', 400, 64, 0.3),
  frechetCase('fd', 5000, 64, 0.3, { repeat: Math.ceil(draws / 5) }),
  frechetCase('fd', 400, 64, 0, { other: (scales) => scales }),
  frechetCase('fd', 400, 2048, 0.3, { repeat: Math.ceil(draws / 10) }),
  frechetCase('fad', 200, 32, 0.3, { frames: 5 }),
]

const wanted = flags.only.split(',').filter(Boolean)
console.log('| metric | sets | draws | truth | mean | bias left | holds the truth | width |')
console.log('|---|---|---|---|---|---|---|---|')
for (const [index, each] of cases.entries()) {
  if (wanted.length > 0 && !wanted.includes(each.name)) continue
  await cover(each, 1000 * (index + 1))
}
await compute.dispose()

/** Without a formula for it, the truth is the mean of as many more draws as settle it. */
async function cover(each, seed) {
  const { label = each.name, what, make, pick, repeat = draws, ofInfinity } = each
  const found = []
  const extra = each.truth === undefined ? 3 * repeat : 0
  for (let i = 0; i < repeat + extra; i++) {
    found.push(pick(await measure(each.name, make(random(seed + i)), seed + i)))
    if (i % 50 === 49) console.error(`${label}, ${what}: ${i + 1} draws`)
  }
  const judged = found.slice(0, repeat)
  const mean = average(found.map(({ value }) => value))
  const truth = ofInfinity ? mean : (each.truth ?? mean)
  row(
    label,
    what,
    truth,
    judged.map(({ value, interval }) => ({ value, ...interval })),
  )
  if (!ofInfinity) return
  row(
    `${label} at infinity`,
    what,
    each.truth,
    judged.map(({ interval }) => interval.infinite),
  )
}

function row(label, what, truth, judged) {
  const mean = average(judged.map(({ value }) => value))
  const held = average(judged.map(({ low, high }) => Number(low <= truth && truth <= high)))
  const width = average(judged.map(({ low, high }) => high - low))
  const cells = [label, what, judged.length, truth.toPrecision(4), mean.toPrecision(4)]
  const last = [(mean - truth).toPrecision(2), `${(100 * held).toFixed(1)} %`, width.toPrecision(3)]
  console.log(`| ${[...cells, ...last].join(' | ')} |`)
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
