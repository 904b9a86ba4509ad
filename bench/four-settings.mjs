// The paper's question on a small scale: training from scratch and from a pre-trained start, with
// text and with audio as the condition, at equal steps. Makes two data sets of computed sounds in
// the layout of ESC-50, pre-trains a small model on the larger one, trains the four on the other,
// scores what every checkpoint generates, and draws all four curves:
//
//   node bench/four-settings.mjs --out DIR [--steps 400] [--pretrain-steps 600] [--model DIR]
//
// The autoencoder, CLAP and vocoder of the default model are random and stay so. What is generated
// is therefore compared with the validation clips as that autoencoder gives them back, by statistics
// of log-mel spectrograms: the numbers compare the four with each other, and with nothing else.

import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const audioldm = createRequire(import.meta.url)('../dist/index.js')
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    model: { type: 'string' },
    steps: { type: 'string', default: '400' },
    'pretrain-steps': { type: 'string', default: '600' },
    seconds: { type: 'string', default: '0.64' },
    threads: { type: 'string' },
  },
})
if (!values.out) throw new Error('give --out DIR')
const out = resolve(values.out)
const steps = Number(values.steps)
const segmentSeconds = Number(values.seconds)
const threads = values.threads && Number(values.threads)
const seed = 1
const every = Math.ceil(steps / 8)
const training = { segmentSeconds, batchSize: 8, learningRate: 1e-3, emaDecay: 0.98, threads }

const classes = 'siren,buzzer,wind,crickets,engine,train_horn'
const more = `${classes},church_bell,alarm_clock,brook,mosquito,applause,violin`
const large = makeSounds('larger', ['--classes', more, '--clips', '240', '--seed', '11'])
const small = makeSounds('smaller', ['--classes', classes, '--clips', '120', '--seed', '12'])

const features = join(out, 'log-mel-statistics.pt')
run(join(root, '.venv/bin/python'), [join(root, 'bench/log_mel_statistics.py'), features])

const pretrained = await train('pre-trained', {
  ...training,
  dataset: audioldm.esc50(large),
  condition: { mixed: 0.5 },
  init: 'scratch',
  steps: Number(values['pretrain-steps']),
})
const model = pretrained.checkpoint

const runs = []
for (const init of ['scratch', 'pretrained']) {
  for (const condition of ['text', 'audio']) {
    const name = `${init}, ${condition}`
    const { folder, ...result } = await train(name, {
      ...training,
      model,
      dataset: audioldm.esc50(small),
      validation: 0.2,
      condition,
      init,
      steps,
      seed,
      keepLast: 1000,
      evaluateEvery: every,
      checkpointEvery: every,
    })
    await scoreCheckpoints(folder, condition)
    runs.push({ name, folder, result })
  }
}

node('dist/cli/main.js', [
  'curve',
  ...runs.map(({ folder }) => folder),
  '--out',
  join(out, 'four-settings.svg'),
])
console.log('run | validation loss | at the end')
for (const { name, result } of runs) {
  console.log(`${name} | ${result.final.validationLoss.toFixed(4)} | ${result.checkpoint}`)
}

function makeSounds(name, options) {
  const folder = join(out, name)
  node('dist/cli/main.js', ['dataset', 'make', folder, '--seconds', values.seconds, ...options])
  return folder
}

/** Trains, or goes on with what an earlier start of this program left. */
async function train(name, { model, ...options }) {
  const folder = join(out, name.replace(', ', '-'))
  const outputDir = folder
  const job = audioldm.fineTune(model ?? values.model, { ...options, outputDir, resume: true })
  for await (const event of job) {
    if (event.type === 'evaluation') {
      console.log(`${name}: step ${event.step}, validation loss ${event.validationLoss.toFixed(4)}`)
    }
  }
  return { ...(await job), folder }
}

/** Adds a line with metrics to metrics.jsonl for every checkpoint. */
async function scoreCheckpoints(folder, condition) {
  // A run that was finished before has been scored before.
  const known = readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
  if (known.includes('"metrics"')) return
  const { clips } = await audioldm.esc50(small).load()
  const { first: held } = audioldm.splitClips(clips, { fraction: 0.2, seed })
  const reference = await givenBack(held)
  for (const name of readdirSync(folder).filter((entry) => /^checkpoint-\d+$/.test(entry))) {
    const step = Number(name.slice('checkpoint-'.length))
    const model = await audioldm.loadModel(join(folder, name), { dtype: 'float32', threads })
    const generated = []
    for (const [i, { captions, path }] of held.entries()) {
      const of = condition === 'text' ? { prompt: captions[0] } : { audioPrompt: path }
      const { audio } = await audioldm.generate(model, {
        ...of,
        durationSeconds: segmentSeconds,
        steps: 25,
        seed: i,
      })
      generated.push(await soundOf(audio[0]))
    }
    await model.dispose()
    const { metrics } = await audioldm.score({
      generated,
      reference,
      metrics: ['fd'],
      embedding: `${features}@16000`,
      cacheDir: join(out, 'features'),
    })
    console.log(`${folder}: step ${step}, FD ${metrics.fd.toFixed(4)}`)
    appendFileSync(join(folder, 'metrics.jsonl'), `${JSON.stringify({ step, metrics })}\n`)
  }
}

/** The sounds as the autoencoder returns them: the best that what is trained could reach. */
async function givenBack(clips) {
  const model = await audioldm.loadModel(pretrained.checkpoint, { dtype: 'float32', threads })
  const sounds = []
  for (const { path } of clips) {
    const latents = await model.encodeAudio(path)
    const [audio] = await model.decodeLatents(latents)
    latents.dispose()
    sounds.push(await soundOf(audio))
  }
  await model.dispose()
  return sounds
}

async function soundOf(audio) {
  const samples = await audio.toFloat32Array()
  audio.dispose()
  return { samples, sampleRate: audio.sampleRate }
}

function node(program, args) {
  run(process.execPath, [join(root, program), ...args])
}

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
