// Scores: us against the evaluator's steps in PyTorch, SciPy and NumPy. See bench/README.md.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, run } from '../scripts/steps.mjs'

const { values } = parseArgs({
  options: {
    generated: { type: 'string' },
    reference: { type: 'string' },
    clips: { type: 'string', default: '40' },
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(cpus().length) },
    rows: { type: 'string', default: '400,5000' },
    kernel: { type: 'string', default: '400,5000' },
    dimensions: { type: 'string', default: '2048' },
    memory: { type: 'string', default: '' },
    backbones: { type: 'string', default: '' },
  },
})
const python = join(root, '.venv', 'bin', 'python')
const scratch = join(root, 'build', 'bench', 'score')

console.log(
  `${cpus()[0].model.trim()}, ${values.threads} threads, medians of ${values.runs} runs\n`,
)
if (Number(values.clips) > 0) endToEnd()
for (const rows of values.rows.split(',').filter(Boolean)) frechet(Number(rows))
for (const rows of values.kernel.split(',').filter(Boolean)) kernel(Number(rows))
for (const name of values.backbones.split(',').filter(Boolean)) backbone(name)
for (const clips of values.memory.split(',').filter(Boolean)) memory(Number(clips))

/** Clips per second of the whole job, both sides. */
function endToEnd() {
  const clips = Number(values.clips)
  const generated = take(values.generated ?? sounds('generated', clips, 1), clips)
  const reference = take(values.reference ?? sounds('reference', clips, 2), clips)
  const contenders = {
    'Python float32': () => peer(generated, reference),
    'ours float32': () => ours({ ...firstWeights(), generated, reference, dtype: 'float32' }),
    'ours auto': () => ours({ ...firstWeights(), generated, reference, dtype: 'auto' }),
  }
  const results = alternate(contenders)
  console.log(`${2 * clips} clips, features and metrics (fd, fad, is, kl)`)
  const rows = {
    'clips a second, features': (r) => (r.clips * 1000) / r.featuresMs,
    'clips a second, whole job': (r) => (r.clips * 1000) / r.totalMs,
    'peak memory, MiB': (r) => r.peakMiB,
    FD: (r) => r.metrics.fd,
    FAD: (r) => r.metrics.fad,
    IS: (r) => r.metrics.is.mean,
    KL: (r) => r.metrics.kl.softmax ?? r.metrics.kl,
  }
  print(results, rows)
}

/** Clips per second of one network, both sides: the rows of fd. */
function backbone(name) {
  const clips = Number(values.clips) || 20
  const generated = take(values.generated ?? sounds('generated', clips, 1), clips)
  const reference = take(values.reference ?? sounds('reference', clips, 2), clips)
  const file = randomWeights(name === 'clap' ? 'laion-clap-tiny' : name)
  const option = name === 'clap' || name === 'passt' ? name : 'panns'
  const job = { generated, reference, [option]: file, backbone: name, metrics: ['fd'] }
  const threads = Number(values.threads)
  const peerArguments = ['bench/peer_backbone.py', name, file, generated, reference, threads]
  const results = alternate({
    'PyTorch float32': () => json(python, peerArguments),
    'ours float32': () => ours({ ...job, dtype: 'float32' }),
    'ours auto': () => ours({ ...job, dtype: 'auto' }),
  })
  console.log(`${results['ours auto'][0].clips} clips, rows of ${name}`)
  print(results, {
    'clips a second': (r) => (r.clips * 1000) / r.featuresMs,
    'CPU time of a clip, ms': (r) => r.clipCpuMs,
    'peak memory, MiB': (r) => r.peakMiB,
    FD: (r) => r.metrics.fd,
  })
}

/** Rows to a distance at d = 2048. */
function frechet(rows) {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-bench-'))
  const contenders = {
    SciPy: () => json(python, ['bench/peer_frechet.py', folder, rows, 2048, values.threads]),
    ours: () => json(process.execPath, ['bench/our-frechet.mjs', folder, 2048, values.threads]),
  }
  const results = alternate(contenders)
  rmSync(folder, { recursive: true })
  console.log(`Fréchet distance of ${rows} rows a side, d = 2048`)
  print(results, {
    'statistics, ms': (r) => r.statisticsMs,
    'solve, ms': (r) => r.solveMs,
    value: (r) => r.value,
  })
}

/** Rows to a kernel audio distance. */
function kernel(rows) {
  const { dimensions, threads } = values
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-bench-'))
  const contenders = {
    PyTorch: () => json(python, ['bench/peer_kernel.py', folder, rows, dimensions, threads]),
    ours: () => json(process.execPath, ['bench/our-kernel.mjs', folder, dimensions, threads]),
  }
  const results = alternate(contenders)
  rmSync(folder, { recursive: true })
  console.log(`kernel audio distance of ${rows} rows a side, d = ${dimensions}`)
  print(results, {
    'time, ms': (r) => r.ms,
    'CPU time, ms': (r) => r.cpuMs,
    'peak memory, MiB': (r) => r.peakMiB,
    value: (r) => r.value,
  })
}

/** Peak memory of us alone: FD, FAD and IS of many clips against 40. */
function memory(clips) {
  const reference = sounds('reference', 40, 2)
  const generated = many(clips)
  const { peakMiB } = ours({
    ...{ ...firstWeights(), generated, reference },
    ...{ metrics: ['fd', 'fad', 'is'], dtype: 'auto' },
  })
  console.log(`${clips} clips: peak memory ${peakMiB.toFixed(0)} MiB`)
}

function alternate(contenders) {
  const results = {}
  for (let i = 0; i < Number(values.runs); i++) {
    for (const [name, measure] of Object.entries(contenders)) {
      const result = measure()
      results[name] = [...(results[name] ?? []), result]
      console.error(`run ${i + 1}: ${name}: ${JSON.stringify(result)}`)
    }
  }
  return results
}

function print(results, rows) {
  const names = Object.keys(results)
  console.log(['', ...names].map((name, i) => name.padEnd(i ? 24 : 28)).join(''))
  for (const [label, of] of Object.entries(rows)) {
    const numbers = names.map((name) => median(results[name].map(of)))
    const cells = numbers.map((number, i) => {
      const ratio = label.endsWith('ms') ? numbers[0] / number : number / numbers[0]
      return `${number.toPrecision(6)}${i && ratio !== 1 ? ` (${ratio.toPrecision(3)}x)` : ''}`.padEnd(
        24,
      )
    })
    console.log(label.padEnd(28) + cells.join(''))
  }
  console.log('')
}

function ours(options) {
  const job = { device: 'cpu', threads: Number(values.threads), cacheDir: null }
  return json(process.execPath, ['bench/our-score.mjs', JSON.stringify({ ...job, ...options })])
}

function peer(generated, reference) {
  const { panns, vggish } = firstWeights()
  return json(python, ['bench/peer_score.py', generated, reference, panns, vggish, values.threads])
}

function json(command, args) {
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }
  return JSON.parse(execFileSync(command, args.map(String), options))
}

function firstWeights() {
  return { panns: randomWeights('cnn14-16k'), vggish: randomWeights('vggish') }
}

function randomWeights(kind) {
  const file = join(scratch, `${kind}.pth`)
  if (!existsSync(file)) {
    mkdirSync(scratch, { recursive: true })
    console.error(`writing ${kind} with random weights …`)
    const args = ['-W', 'ignore', '-m', 'audioldm_export', 'random-backbone', '--kind', kind]
    const status = run(python, [...args, '--out', file], { PYTHONPATH: join(root, 'export') })
    if (status !== 0) process.exit(1)
  }
  return file
}

function sounds(name, clips, seed) {
  const folder = join(scratch, `${name}-${clips}`)
  if (!existsSync(folder) && run('node', ['bench/make-sounds.mjs', folder, clips, seed]) !== 0) {
    process.exit(1)
  }
  return folder
}

/** The first clips of a folder, as a folder of links. */
function take(source, clips) {
  const files = readdirSync(source).sort()
  if (files.length <= clips) return source
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-bench-'))
  for (const file of files.slice(0, clips)) symlinkSync(join(source, file), join(folder, file))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** As many clips as wanted, out of few sounds: nothing is cached here, so all are computed. */
function many(clips) {
  const source = sounds('reference', 40, 2)
  const files = readdirSync(source).sort()
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-bench-'))
  for (let i = 0; i < clips; i++) {
    symlinkSync(join(source, files[i % files.length]), join(folder, `${i}.wav`))
  }
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
