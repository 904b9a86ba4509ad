// Our side of the Fréchet solve of bench/score.mjs: reads the rows that bench/peer_frechet.py wrote.
// It calls the library's inner parts, since score() is given sounds and not rows.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const { loadNative } = require('../dist/native/load.js')
const { Compute } = require('../dist/native/compute.js')
const { Calculator } = require('../dist/native/calculator.js')
const { StatisticsAccumulator } = require('../dist/metrics/statistics.js')

const [, , folder, dimensions, threads] = process.argv
const native = loadNative({ cuda: false })
const compute = new Compute(native, Number(threads))
const calculator = new Calculator(native, compute, new AbortController().signal)

async function statistics(rows) {
  const accumulator = new StatisticsAccumulator(calculator, Number(dimensions))
  await accumulator.add(rows)
  return accumulator.finish()
}

function read(name) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name))
  return Float32Array.from(new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength)))
}

const rows = [read('generated.bin'), read('reference.bin')]
const started = performance.now()
const a = await statistics(rows[0])
const b = await statistics(rows[1])
const gathered = performance.now()
const [value] = await calculator.numbers('frechet_distance', [a.mean, a.factor, b.mean, b.factor], {
  count1: a.count,
  count2: b.count,
})
const ended = performance.now()
process.stdout.write(
  `${JSON.stringify({ value, statisticsMs: gathered - started, solveMs: ended - gathered })}\n`,
)
await compute.dispose()
