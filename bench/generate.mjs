// Generation: us against diffusers. See bench/README.md.

import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { root } from '../scripts/steps.mjs'
import { python, randomModel } from './random-model.mjs'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    runs: { type: 'string', default: '3' },
    steps: { type: 'string', default: '25' },
    duration: { type: 'string', default: '10.24' },
    threads: { type: 'string', default: String(cpus().length) },
    json: { type: 'boolean', default: false },
  },
})
const model = values.model ?? randomModel()
const job = {
  prompt: 'a dog barking in the rain',
  seed: 7,
  steps: Number(values.steps),
  durationSeconds: Number(values.duration),
  guidanceScale: 2.5,
  scheduler: 'ddim',
}

const contenders = {
  'diffusers float32': [python, ['-W', 'ignore', 'bench/peer_generate.py', model, values.threads]],
  'ours float32': [process.execPath, ['bench/our-generate.mjs', model, values.threads, 'float32']],
  'ours auto': [process.execPath, ['bench/our-generate.mjs', model, values.threads, 'auto']],
}

const results = {}
const peers = {}
for (const name of Object.keys(contenders)) results[name] = { loads: [], runs: [] }
for (let i = 0; i < Number(values.runs); i++) {
  for (const [name, [command, args]] of Object.entries(contenders)) {
    peers[name]?.end()
    peers[name] = start(command, args)
    const load = await peers[name].ask({})
    results[name].loads.push(load)
    console.error(`load ${i + 1}: ${name}: ${((load.importMs + load.loadMs) / 1000).toFixed(2)} s`)
  }
}
for (let i = 0; i < Number(values.runs); i++) {
  for (const [name, peer] of Object.entries(peers)) {
    const result = await peer.ask(job)
    results[name].runs.push(result)
    console.error(`run ${i + 1}: ${name}: ${(result.totalMs / 1000).toFixed(2)} s`)
  }
}
for (const peer of Object.values(peers)) peer.end()
report()

/** A process that answers each line of JSON with one. */
function start(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`${command} ended before it answered`)
      return JSON.parse(value)
    },
    end: () => child.stdin.end(),
  }
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function report() {
  const rows = {
    'UNet step, ms': (r) => median(r.runs.flatMap((x) => x.stepMs.slice(1))),
    'VAE decode, ms': (r) => median(r.runs.map((x) => x.vaeMs)),
    'vocoder, ms': (r) => median(r.runs.map((x) => x.vocoderMs)),
    'whole clip, ms': (r) => median(r.runs.map((x) => x.totalMs)),
    'first clip, ms': (r) => r.runs[0].totalMs,
    'first audio, ms': (r) => median(r.runs.map((x) => x.firstAudioMs)),
    'load, ms': (r) => median(r.loads.map((x) => x.loadMs)),
    'import + load, ms': (r) => median(r.loads.map((x) => x.importMs + x.loadMs)),
    'peak memory, MiB': (r) => r.runs.at(-1).peakMiB,
  }
  const names = Object.keys(results)
  const table = Object.entries(rows).map(([label, of]) => {
    const numbers = names.map((name) => of(results[name]))
    return { label, numbers, ratios: numbers.map((number) => numbers[0] / number) }
  })
  if (values.json) {
    console.log(JSON.stringify({ job, model, threads: values.threads, table, results }))
    return
  }
  console.log(
    `${cpus()[0].model.trim()}, ${values.threads} threads, ${job.durationSeconds} s, ${job.steps} steps of ${job.scheduler}, medians of ${values.runs} alternating runs`,
  )
  console.log(`dtype of auto: ${results['ours auto'].loads[0].dtype}\n`)
  console.log(['', ...names].map((name, i) => name.padEnd(i ? 26 : 20)).join(''))
  for (const { label, numbers, ratios } of table) {
    const cells = numbers.map((number, i) => {
      const ratio =
        i === 0
          ? ''
          : label.includes('memory')
            ? ` (${(1 / ratios[i]).toFixed(2)} of it)`
            : ` (${ratios[i].toFixed(2)}x as fast)`
      return `${number.toFixed(0)}${ratio}`.padEnd(26)
    })
    console.log(label.padEnd(20) + cells.join(''))
  }
}
