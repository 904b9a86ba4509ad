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
  checkpointEvery: warm + steps,
  cache: !encode,
  outputDir: out,
  device: 'cpu',
})
const times = []
const cpu = []
const losses = []
let last
let busy
for await (const event of job) {
  if (event.type === 'warning') console.error(event.message)
  if (event.type === 'prepared') [last, busy] = [performance.now(), cpuMs()]
  if (event.type !== 'step') continue
  const now = performance.now()
  times.push(now - last)
  cpu.push(cpuMs() - busy)
  losses.push(event.loss)
  last = now
  busy = cpuMs()
}
await job
rmSync(out, { recursive: true })
// The last checkpoint was written before: its memory counts, its time does not.
const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
const answer = { stepMs: times.slice(warm), cpuMs: cpu.slice(warm), losses, peakMiB }
process.stdout.write(`${JSON.stringify(answer)}\n`)

function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
