// Kills a training run at random moments and goes on each time, until it has ended, and compares
// what it made with that of a run that nobody disturbed.
//   node kill.mjs [KILLS] [STEPS] [OPTIONS as JSON]
import { spawn } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [, , kills = '10', steps = '60', options = '{}'] = process.argv
const require = createRequire(import.meta.url)
const library = process.env.AUDIOLDM_LIBRARY ?? '../../../dist/index.js'
const { encodeWav } = require(join(library, '..', 'audio', 'wav.js'))

const work = mkdtempSync(join(tmpdir(), 'audioldm-kill-'))
const data = join(work, 'data')
writeSounds(data, 16)

function writeSounds(folder, count) {
  mkdirSync(folder)
  const rows = ['file,caption']
  for (let i = 0; i < count; i++) {
    const samples = Float32Array.from({ length: 20_000 }, (_, k) =>
      Math.sin((2 * Math.PI * 100 * (1 + i) * k) / 16_000),
    )
    writeFileSync(join(folder, `${i}.wav`), encodeWav([samples], 16_000))
    rows.push(`${i}.wav,a tone of ${100 * (1 + i)} hertz`)
  }
  writeFileSync(join(folder, 'captions.csv'), rows.join('\n'))
}

/** Seconds it ran and the last line it printed; killed after `killAfter` ms. */
function train(name, killAfter) {
  const started = performance.now()
  const script = join(import.meta.dirname, 'train.cjs')
  const args = [script, data, join(work, name), join(work, `${name}-cache`), steps, options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let last = ''
  child.stdout.on('data', (chunk) => {
    last = String(chunk).trim().split('\n').at(-1)
  })
  const timer = killAfter && setTimeout(() => child.kill('SIGKILL'), killAfter)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ ms: performance.now() - started, code, signal, last })
    })
  })
}

function hashes(name) {
  const checkpoint = join(work, name, `checkpoint-${steps.padStart(6, '0')}`)
  return readdirSync(checkpoint, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'state.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [
      file.slice(checkpoint.length),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ])
}

const losses = (name) =>
  readFileSync(join(work, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ step, loss, validationLoss }) => [step, loss, validationLoss])

const whole = await train('whole')
if (whole.code !== 0) throw new Error('the undisturbed run failed')
console.log(`undisturbed: ${(whole.ms / 1000).toFixed(1)} s`)
for (let killed = 0; killed < Number(kills); ) {
  const { ms, code, signal, last } = await train('killed', randomInt(300, Math.ceil(whole.ms)))
  if (signal === 'SIGKILL') {
    console.log(`kill ${++killed} after ${(ms / 1000).toFixed(1)} s, at: ${last}`)
  } else if (code === 0) {
    console.log('ended before it was killed: begins again')
    rmSync(join(work, 'killed'), { recursive: true })
    rmSync(join(work, 'killed-cache'), { recursive: true })
  } else throw new Error(`a run that was gone on with failed (${code})`)
}
const end = await train('killed')
console.log(`the last run: ${(end.ms / 1000).toFixed(1)} s, at: ${end.last}`)
const [expected, found] = [hashes('whole'), hashes('killed')]
const different = expected.filter(([, hash], i) => found[i]?.[1] !== hash).map(([file]) => file)
const sameLosses = JSON.stringify(losses('whole')) === JSON.stringify(losses('killed'))
console.log(`${expected.length} files compared, different: ${different.join(', ') || 'none'}`)
console.log(`losses of all steps and evaluations equal: ${sameLosses}`)
rmSync(work, { recursive: true })
process.exitCode = different.length === 0 && sameLosses && end.code === 0 ? 0 : 1
