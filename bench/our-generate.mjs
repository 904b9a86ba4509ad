// Our side of bench/generate.mjs: answers every line of JSON with one.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [, , folder, threads, dtype] = process.argv
const imported = performance.now()
const { generate, loadModel } = await import('../dist/index.mjs')
const started = performance.now()
const model = await loadModel(folder, { device: 'cpu', dtype, threads: Number(threads) })
const loaded = performance.now()

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line)
  if (job.prompt === undefined) {
    answer({ importMs: started - imported, loadMs: loaded - started, dtype: model.info.dtype })
    continue
  }
  const before = process.cpuUsage()
  const { audio, timings } = await generate(model, job)
  const { user, system } = process.cpuUsage(before)
  audio[0].dispose()
  const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
  answer({ ...timings, cpuMs: (user + system) / 1000, peakMiB })
}
await model.dispose()

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
