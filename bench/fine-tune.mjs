// Training: us against plain loops in PyTorch. See bench/README.md.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, run } from '../scripts/steps.mjs'
import { python, randomModel } from './random-model.mjs'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    batch: { type: 'string', default: '2' },
    accumulate: { type: 'string', default: '1' },
    segment: { type: 'string', default: '10.24' },
    condition: { type: 'string', default: 'text' },
    dtypes: { type: 'string', default: 'float32,bfloat16' },
    steps: { type: 'string', default: '4' },
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(cpus().length) },
    // Also what ours costs without its cache.
    uncached: { type: 'boolean', default: false },
  },
})
const scratch = join(root, 'build', 'bench', 'fine-tune')
const threads = Number(values.threads)
const shared = {
  model: values.model ?? randomModel(),
  data: sounds(),
  batchSize: Number(values.batch),
  accumulate: Number(values.accumulate),
  segmentSeconds: Number(values.segment),
  condition: values.condition === 'mixed' ? { mixed: 0.5 } : values.condition,
  warm: 1,
  steps: Number(values.steps),
  threads,
}

console.log(
  `${cpus()[0].model.trim()}, ${threads} threads; batch ${values.batch}, ${values.accumulate} a step, ${values.segment} s, condition ${values.condition}; medians of ${values.runs} alternating runs of ${values.steps} steps`,
)
for (const dtype of values.dtypes.split(',')) compare(dtype)

function compare(dtype) {
  const job = { ...shared, dtype }
  const contenders = {
    'PyTorch, encoding': () => peer({ ...job, encode: true }),
    'PyTorch, cached': () => peer({ ...job, encode: false }),
    ours: () => ours({ ...job, encode: false }),
    ...(values.uncached && { 'ours, uncached': () => ours({ ...job, encode: true }) }),
  }
  // What is cached for all runs is prepared before the first one.
  ours({ ...job, encode: false, warm: 0, steps: 1 })
  const results = {}
  for (let i = 0; i < Number(values.runs); i++) {
    for (const [name, measure] of Object.entries(contenders)) {
      const result = measure()
      results[name] = [...(results[name] ?? []), result]
      console.error(`${dtype}, run ${i + 1}: ${name}: ${JSON.stringify(result)}`)
    }
  }
  report(dtype, results)
}

function report(dtype, results) {
  const clips = shared.batchSize * shared.accumulate
  const names = Object.keys(results)
  const rows = names.map((name) => ({
    name,
    stepMs: median(results[name].flatMap((result) => result.stepMs)),
    cpuMs: median(results[name].flatMap((result) => result.cpuMs)),
    peakMiB: median(results[name].map((result) => result.peakMiB)),
  }))
  const own = rows.find(({ name }) => name === 'ours')
  const header = ['step, ms', 'CPU time, ms', 'clips/s', 'peak, MiB', 'ours against it']
  console.log(`\n${row(dtype, header)}`)
  for (const { name, stepMs, cpuMs, peakMiB } of rows) {
    const rate = ((clips * 1000) / stepMs).toFixed(3)
    const speed = (stepMs / own.stepMs).toFixed(2)
    const busy = (cpuMs / own.cpuMs).toFixed(2)
    const memory = (own.peakMiB / peakMiB).toFixed(2)
    const ratio = `${speed}x as fast, ${busy}x by CPU time, ${memory} of its memory`
    const cells = [stepMs.toFixed(0), cpuMs.toFixed(0), rate, peakMiB.toFixed(0)]
    console.log(row(name, [...cells, ...(name === 'ours' ? [] : [ratio])]))
  }
}

function row(name, cells) {
  return name.padEnd(20) + cells.map((cell) => cell.padEnd(16)).join('')
}

function ours(job) {
  const out = join(scratch, `run-${process.pid}`)
  const cacheDir = join(scratch, 'cache')
  return json(process.execPath, [
    'bench/our-fine-tune.mjs',
    JSON.stringify({ ...job, out, cacheDir }),
  ])
}

function peer(job) {
  const condition = typeof job.condition === 'string' ? job.condition : 'mixed'
  const args = ['-W', 'ignore', 'bench/peer_fine_tune.py']
  return json(python, [...args, JSON.stringify({ ...job, condition })])
}

function json(command, args) {
  // Threads that spin while they wait would take the cores from loader processes.
  const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE', TOKENIZERS_PARALLELISM: 'false' }
  const options = { cwd: root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }
  return JSON.parse(execFileSync(command, args, options))
}

/** Sounds of 5 s in the layout of ESC-50. */
function sounds() {
  const folder = join(scratch, 'esc50')
  if (!existsSync(join(folder, 'meta', 'esc50.csv'))) {
    const args = ['dist/cli/main.js', 'dataset', 'make', folder, '--clips', '24']
    if (run('node', args) !== 0) process.exit(1)
  }
  return folder
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
