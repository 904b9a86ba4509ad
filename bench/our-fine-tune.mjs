// Our side of bench/fine-tune.mjs: one job as JSON on the command line, one line of JSON as the
// answer. A step takes from one step event to the next.

import { readFileSync, rmSync } from 'node:fs'
import { esc50, fineTune } from '../dist/index.mjs'

const { model, data, warm, steps, out, encode, ...options } = JSON.parse(process.argv[2])
const job = fineTune(model, {
  ...options,
  dataset: esc50(data),
  validation: 0,
  steps: warm + steps,
  warmupSteps: 0,
  cache: !encode,
  outputDir: out,
  device: 'cpu',
})
const times = []
const losses = []
let last
for await (const event of job) {
  if (event.type === 'warning') console.error(event.message)
  if (event.type === 'prepared') last = performance.now()
  if (event.type !== 'step') continue
  const now = performance.now()
  times.push(now - last)
  losses.push(event.loss)
  last = now
}
await job
rmSync(out, { recursive: true })
// The last checkpoint was written before: its memory counts, its time does not.
const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
process.stdout.write(`${JSON.stringify({ stepMs: times.slice(warm), losses, peakMiB })}\n`)
