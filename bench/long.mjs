// Time and peak memory of clips by their length, each in a process of its own. See bench/README.md.

import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { root } from '../scripts/steps.mjs'
import { randomModel } from './random-model.mjs'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    seconds: { type: 'string', default: '10.24,20,40,60' },
    steps: { type: 'string', default: '3' },
    dtype: { type: 'string', default: 'float32' },
    threads: { type: 'string', default: String(cpus().length) },
    whole: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const model = values.model ?? randomModel()

const rows = []
for (const seconds of values.seconds.split(',').map(Number)) {
  const result = await generate({
    prompt: 'rain on a tin roof',
    seed: 7,
    steps: Number(values.steps),
    scheduler: 'ddim',
    durationSeconds: seconds,
    long: !values.whole,
  })
  rows.push({ seconds, ...result })
  console.error(`${seconds} s: ${(result.totalMs / 1000).toFixed(1)} s, ${result.peakMiB | 0} MiB`)
}
report()

/** In a process that ends, so that its high-water mark is that of one clip. */
async function generate(job) {
  const args = ['bench/our-generate.mjs', model, values.threads, values.dtype]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(`${JSON.stringify(job)}\n`)
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
  throw new Error('the process ended before it answered')
}

function report() {
  if (values.json) {
    console.log(JSON.stringify({ model, ...values, rows }))
    return
  }
  const windows = values.whole ? 'no windows' : 'windows beyond 10.24 s'
  console.log(
    `${cpus()[0].model.trim()}, ${values.threads} threads, ${values.dtype}, ${values.steps} steps of ddim, ${windows}\n`,
  )
  const total = (ms) => ms.reduce((sum, value) => sum + value, 0)
  const columns = {
    'steps, s': (r) => total(r.stepMs) / 1000,
    'VAE, s': (r) => r.vaeMs / 1000,
    'vocoder, s': (r) => r.vocoderMs / 1000,
    'all, s': (r) => r.totalMs / 1000,
    'CPU, s': (r) => r.cpuMs / 1000,
    'peak, MiB': (r) => r.peakMiB,
  }
  const [first] = rows
  const lines = [['clip', ...Object.keys(columns), 'CPU a second', 'MiB a second']]
  for (const row of rows) {
    // Time on the processor: other work on the machine hardly changes it.
    const perSecond = row.cpuMs / row.seconds / (first.cpuMs / first.seconds)
    const more = (row.peakMiB - first.peakMiB) / (row.seconds - first.seconds)
    lines.push([
      `${row.seconds} s`,
      ...Object.values(columns).map((of) => of(row).toFixed(of(row) < 100 ? 1 : 0)),
      `${perSecond.toFixed(2)}x`,
      row === first ? '' : more.toFixed(1),
    ])
  }
  for (const line of lines) console.log(line.map((cell) => cell.padEnd(16)).join(''))
}
