// Our side of the kernel audio distance of bench/score.mjs: reads the rows that bench/peer_kernel.py
// wrote. It calls the library's inner parts, since score() is given sounds and not rows.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const { loadNative } = require('../dist/native/load.js')
const { Compute } = require('../dist/native/compute.js')
const { Calculator } = require('../dist/native/calculator.js')
const { kad } = require('../dist/metrics/kad.js')
const { Rows } = require('../dist/metrics/rows.js')

const [, , folder, dimensions, threads] = process.argv
const native = loadNative({ cuda: false })
const compute = new Compute(native, Number(threads))
const calculator = new Calculator(native, compute, new AbortController().signal)

function read(side) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${side}.bin`))
  const rows = new Rows(Number(dimensions))
  rows.append(0, new Float32Array(buffer, byteOffset, byteLength / 4))
  return rows
}

const sides = { generated: read('generated'), reference: read('reference') }
const started = performance.now()
const before = process.cpuUsage()
const { values } = await kad.compute({ calculator, rows: (side) => sides[side] })
const { user, system } = process.cpuUsage(before)
const ms = performance.now() - started
await compute.dispose()
const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
const cpuMs = (user + system) / 1000
process.stdout.write(`${JSON.stringify({ value: values.kad, ms, cpuMs, peakMiB })}\n`)
