// Our side of bench/score.mjs: one job as JSON on the command line, one line of JSON as the answer.

import { readFileSync } from 'node:fs'

const options = JSON.parse(process.argv[2])
const started = performance.now()
const { score } = await import('../dist/index.mjs')
const job = score(options)
const cpu = process.cpuUsage()
let featured = started
let first
let featuredCpu
for await (const event of job) {
  if (event.type !== 'step') continue
  featured = performance.now()
  featuredCpu = process.cpuUsage(cpu)
  first ??= featuredCpu
}
const { metrics, generated, reference } = await job
const ended = performance.now()
const status = readFileSync('/proc/self/status', 'utf8')
process.stdout.write(
  `${JSON.stringify({
    clips: generated.count + (reference?.count ?? 0),
    metrics,
    featuresMs: featured - started,
    // Without the first, which waits for its network.
    clipCpuMs:
      (featuredCpu.user + featuredCpu.system - first.user - first.system) /
      (1000 * (generated.count + (reference?.count ?? 0) - 1)),
    metricsMs: ended - featured,
    totalMs: ended - started,
    peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024,
  })}\n`,
)
